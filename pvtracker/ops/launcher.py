"""The launcher: what the user types, outside both rooms.

It alone knows the administrative connection. It makes what a command needs (services, logins, schema) and then starts
children that each hold one room's settings.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from pvtracker.lib.environment import read
from pvtracker.ops import children
from pvtracker.ops.rooms import Home, Installation, Names
from pvtracker.ops.services.postgres import ServiceError
from pvtracker.ops.services.running import services


@dataclass(frozen=True, slots=True)
class Command:
    """A command and where it runs: in one room (`open`, `closed`), by its `audience`, or in a module of its own."""

    name: str
    help: str
    where: str


# One line per command. `module`: pvtracker/ops/commands/<name>.py has add_arguments() and run(); `file`: the same, and
# it needs no service.
COMMANDS = {
    command.name: command
    for command in (
        Command("demo", "a simulated trial through the whole main job, then both rooms served", "module"),
        Command("demo_code", "the code that a demo person's authenticator shows now", "file"),
        Command("test", "all checks and all tests; further arguments go to pytest", "module"),
        Command("bench", "a benchmark, with its peer in the same run", "module"),
        Command("import_study", "read a folder of SDTM files into both rooms", "module"),
        Command(
            "import_randomisation", "read the randomisation list's blocks into the closed room", "closed"
        ),
        Command("simulate_trial", "make a simulated trial", "module"),
        Command("freeze_cut", "freeze a data cut", "open"),
        Command("import_smq", "take standardised MedDRA queries into a study's definitions", "open"),
        Command("monitor_pooled", "hold a cut against the expected rates of watched terms", "open"),
        Command("calculate", "a statistic from numbers that are typed or in a file", "file"),
        Command("coverage", "how often limits hold and tests err at given sizes, as a page", "file"),
        Command("detect_signals", "compare the arms on a cut", "closed"),
        Command("dsmb_report", "make an open or closed report", "audience"),
        Command("verify_audit", "check the audit trails: chain, anchors, triggers, every row", "module"),
        Command(
            "blindcheck", "attack the blind: twins with exchanged arms, canaries, a classifier", "module"
        ),
        Command("create_account", "make an account for a person, in the room of the role", "module"),
        Command("serve", "run web, worker and scheduler of both rooms until Ctrl-C", "module"),
        Command("migrate", "create logins and databases and bring both schemas up to date", "migrate"),
    )
}


def main(argv: list[str]) -> int:
    """Run one command. Exit 0 done, 1 refused or failed with a sentence, 2 wrong usage."""
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print(_usage())
        return 0 if argv else 2
    command = COMMANDS.get(argv[0])
    if command is None:
        print(f"There is no command {argv[0]!r}.\n\n{_usage()}", file=sys.stderr)
        return 2
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # an ending like any other: services and children stop
    try:
        return _run(command, argv[1:])
    except ServiceError as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _run(command: Command, arguments: list[str]) -> int:
    if command.where in {"module", "file"}:
        module = import_module(f"pvtracker.ops.commands.{command.name}")
        if command.name == "test" and {"-h", "--help"} & set(arguments):
            print(f"usage: manage.py test [PATH …] [PYTEST ARGUMENT …]\n\n{(module.__doc__ or '').strip()}")
            return 0
        if command.name == "test":
            return int(module.run(arguments))  # its arguments are pytest's, its services are its own
        parser = argparse.ArgumentParser(
            prog=f"manage.py {command.name}",
            description=command.help,
            conflict_handler="resolve",  # a command may have a --help of its own
        )
        module.add_arguments(parser)
        chosen = parser.parse_intermixed_args(arguments)
        if command.where == "file":
            return int(module.run(chosen))
        work: Callable[[Installation], int] = lambda installation: int(module.run(chosen, installation))  # noqa: E731
    elif command.where == "migrate":
        work = _migrated
    else:
        room = _audience(arguments) if command.where == "audience" else command.where
        if {"-h", "--help"} & set(arguments):
            print("starting the services to ask the room for its help …", file=sys.stderr)
        work = lambda installation: children.run(installation, room, command.name, *arguments).returncode  # noqa: E731
    # on a server of one's own nothing is a demo, unless the demo itself was asked for
    demo = command.name == "demo" or not production()
    with services(home=Home.default(), names=Names(), demo=demo) as installation:
        return work(installation)


def production() -> bool:
    """True when a database server was given: this is no trial on one's own machine."""
    return bool(read("DATABASE_URL", ""))


def _migrated(installation: Installation) -> int:
    print("both rooms: logins, databases and schema are up to date")
    return 0


def _audience(arguments: list[str]) -> str:
    """The room of a report is its audience; anything else is left to the command to refuse, in the open room."""
    for position, argument in enumerate(arguments):
        value = argument.partition("=")[2] if argument.startswith("--audience=") else None
        if argument == "--audience" and position + 1 < len(arguments):
            value = arguments[position + 1]
        if value == "closed":
            return "closed"
    return "open"


def _usage() -> str:
    lines = [f"  {command.name:<16} {command.help}" for command in COMMANDS.values()]
    return "usage: python3 manage.py COMMAND [options]\n\n" + "\n".join(lines)
