"""`manage.py test`: all checks and all tests, each room's against that room's own engine. Prints one closing line.

Checks and tests report all their failures, not the first. Two groups run side by side, since each leaves half of two
cores idle; every line says whose it is. Arguments go to pytest; with a path among them only the groups under that path
run, and the checks are left out. `--validation-page FILE` writes what statistics were compared with.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from xml.etree import ElementTree

from pvtracker.ops import validation
from pvtracker.ops.environment import ROOT
from pvtracker.ops.rooms import ONE_THREAD, Home, Installation, Names
from pvtracker.ops.services.running import services

SUFFIX = "_test"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Group:
    """Tests that share a process: folders and files under tests/, and the room whose settings they run with ('' for
    none). A folder is without what another group names in it.
    """

    places: tuple[str, ...]
    room: str

    @property
    def name(self) -> str:
        return " ".join(self.places)

    @property
    def word(self) -> str:
        """What its lines begin with."""
        return self.places[0].replace("/", "-")


GROUPS = (  # the longest first: the short ones, and the checks, fill what is left of the other lane
    Group(("browser", "wall/test_blind.py"), ""),  # together, because they share one simulated trial
    Group(("closed",), "closed"),
    Group(("pure",), ""),
    Group(("architecture", "open/isolation", "open/bad_inputs", "open/test_url_matrix.py"), "open"),
    Group(("open",), "open"),
    Group(("wall",), ""),
)
LAST = Group(("last",), "")  # after all others: searches the logs that they left
KEPT_LOGS = "logs-of-this-run"
LANES = 2
LIMIT = 1800  # seconds; a group takes a third of it, and a run that never ends tells nothing


@dataclass(frozen=True, slots=True)
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


def run(arguments: list[str]) -> int:
    """Run everything, or what the arguments name. Exit 1 when a check or a test failed."""
    arguments, page = validation.without_option(arguments)
    paths = [argument for argument in arguments if Path(argument.split("::")[0]).exists()]
    rest = [argument for argument in arguments if argument not in paths]
    started = time.monotonic()
    home = Home(Home.default().path / "test")
    with (
        services(home=home, names=Names(SUFFIX), durable=False) as installation,
        ThreadPoolExecutor(LANES) as pool,
    ):
        for left in (KEPT_LOGS, validation.FOLDER):
            shutil.rmtree(installation.home.path / left, ignore_errors=True)
        work: list[Callable[[], Counts]] = []
        last: list[Callable[[], Counts]] = []
        took: dict[str, float] = {}
        for group in (*GROUPS, LAST):
            if places := chosen(group, paths or ["tests"]):
                its = last if group is LAST else work
                part = partial(_pytest, installation, group, [*places, *left_out(group), *rest])
                its.append(partial(_timed, took, group.word, part))
        if not paths:
            work.append(partial(_timed, took, "checks", partial(_checks, installation)))
        total = sum((count for step in (work, last) for count in pool.map(_done, step)), Counts())
    told = ", ".join(f"{name} {seconds:.0f}" for name, seconds in sorted(took.items(), key=lambda it: -it[1]))
    print(f"\nseconds of each part, {LANES} at a time: {told}")
    print(f"all checks and tests after {time.monotonic() - started:.0f} s:")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    if page and not total.failed:
        page.write_text(
            validation.page(validation.collected(home.path / validation.FOLDER)), encoding="utf-8"
        )
    return 1 if total.failed or not total.passed else 0


def chosen(group: Group, paths: list[str]) -> list[str]:
    """What this group runs of the paths that were named: each belongs to the group that names the most of it."""
    found = []
    for path in paths:
        file = PurePath(path.split("::")[0])
        file = PurePath(os.path.relpath(file, ROOT)) if file.is_absolute() else file
        above = [place for place in _places() if file.is_relative_to(place)]
        if above and max(above, key=lambda place: len(place.parts)) in _places(group):
            found.append(path)
        else:
            found += [str(place) for place in _places(group) if place.is_relative_to(file)]
    return found


def left_out(group: Group) -> list[str]:
    """What pytest is told not to look for in the group's folders, because another group has it."""
    its = _places(group)
    others = [place for place in _places() if place not in its]
    return [f"--ignore={one}" for one in others if any(one.is_relative_to(place) for place in its)]


def _places(*groups: Group) -> list[PurePath]:
    return [PurePath("tests", name) for group in groups or (*GROUPS, LAST) for name in group.places]


def _done(work: Callable[[], Counts]) -> Counts:
    return work()


def _timed(took: dict[str, float], name: str, part: Callable[[], Counts]) -> Counts:
    """What the part gave; its seconds are noted under its name."""
    begun = time.monotonic()
    counts = part()
    took[name] = time.monotonic() - begun
    return counts


# --- checks ---------------------------------------------------------------------------------------------------------
def _checks(installation: Installation) -> Counts:
    rooms = {room: installation.environment(room) for room in ("open", "closed")}
    rooms["open"]["PYTHONPATH"] = str(ROOT)  # mypy's plugin imports tests.settings_types
    python = sys.executable
    scripts = Path(python).parent
    checks: list[tuple[str, list[str], dict[str, str]]] = [
        ("ruff check", [str(scripts / "ruff"), "check", "."], rooms["open"]),
        ("ruff format", [str(scripts / "ruff"), "format", "--check", "."], rooms["open"]),
        ("import-linter", [str(scripts / "lint-imports")], rooms["open"]),
        ("mypy", [str(scripts / "mypy")], rooms["open"]),
        *[
            (
                f"migrations ({room})",
                [python, "manage.py", "makemigrations", "--check", "--dry-run"],
                rooms[room],
            )
            for room in rooms
        ],
        *[(f"system check ({room})", [python, "manage.py", "check"], rooms[room]) for room in rooms],
        ("generated docs", [python, "manage.py", "generate_docs", "--check"], rooms["open"]),
    ]
    counts = Counts()
    for name, command, environment in checks:
        begun = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        print(
            f"check {name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - begun:.1f} s)",
            flush=True,
        )
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
        counts += Counts(passed=1) if done.returncode == 0 else Counts(failed=1)
    return counts


# --- tests ----------------------------------------------------------------------------------------------------------
def _pytest(installation: Installation, group: Group, arguments: list[str]) -> Counts:
    started = time.monotonic()
    results = installation.home.path / f"results-{group.word}.xml"
    results.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", f"--junit-xml={results}", *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(installation, group),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printer = threading.Thread(target=_print_lines, args=(process, group.word), daemon=True)
    printer.start()
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        print(f"{group.name}: ended after {LIMIT} s; what hangs is the test after the last dot", flush=True)
    process.wait()
    printer.join(timeout=10)  # not for ever: a child that pytest left behind may hold the pipe open
    counts = _counts(results)
    if process.returncode not in (0, 5) and not counts.failed:
        counts += Counts(failed=1)  # pytest itself broke
    print(f"{group.word:>12} | {group.name}: done after {time.monotonic() - started:.0f} s", flush=True)
    return counts


def _print_lines(process: subprocess.Popen[str], name: str) -> None:
    for line in process.stdout or ():
        print(f"{name:>12} | {line}", end="", flush=True)


def _environment(installation: Installation, group: Group) -> dict[str, str]:
    """A room's own environment, or for groups without a room what they need to start rooms themselves."""
    test = {
        "PVTRACKER_TEST_HOME": str(installation.home.path),
        "PVTRACKER_TEST_ADMIN_URL": installation.admin_url,
        "PVTRACKER_TEST_OPEN_BROKER": installation.broker_urls["open"],
        "PVTRACKER_TEST_CLOSED_BROKER": installation.broker_urls["closed"],
        "PVTRACKER_STATIC_FROM_SOURCE": "1",
        **ONE_THREAD,
    }
    if group.room:
        return {
            **installation.environment(group.room),
            **test,
            "PVTRACKER_HTTPS": "0",
            "PVTRACKER_TEST_ROOM": group.room,
        }
    base = {
        name: value for name, value in os.environ.items() if not name.startswith(("PVTRACKER_", "DJANGO_"))
    }
    browser = find_browser()
    return {**base, **test, **({"PVTRACKER_TEST_BROWSER": browser} if browser else {})}


def find_browser() -> str | None:
    """A Chromium on PATH; where none is and apt may install one (root on Debian), it is installed."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    if mac.exists():
        return str(mac)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing Chromium for the browser tests …", flush=True)
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
        for command in (
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-y", "-q", "chromium", "poppler-utils"],
        ):
            subprocess.run(command, **quiet)  # type: ignore[call-overload]  # keyword arguments from a dict
        return shutil.which("chromium")
    return None


def _counts(results: Path) -> Counts:
    """What pytest wrote of its run, whatever it printed."""
    if not results.exists():
        return Counts()
    suite = next(ElementTree.parse(results).iter("testsuite"))  # noqa: S314 - pytest's own file
    tests, failures, errors, skipped = (
        int(suite.get(k, "0")) for k in ("tests", "failures", "errors", "skipped")
    )
    return Counts(tests - failures - errors - skipped, failures + errors, skipped)
