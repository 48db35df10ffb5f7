"""`manage.py serve`: web, worker and scheduler of both rooms, in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pvtracker.ops import children
from pvtracker.ops.rooms import PORTS, ROOMS, Installation
from pvtracker.ops.services.postgres import ServiceError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--open-port", type=int, default=PORTS["open"], help="port of the open room")
    parser.add_argument("--closed-port", type=int, default=PORTS["closed"], help="port of the closed room")


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    with background(installation, wanted_ports(arguments)) as served, web(served, served.ports):
        for room, port in served.ports.items():
            print(f"{room:<6} room  http://localhost:{port}/", flush=True)
        print("Ctrl-C stops everything.", flush=True)
        wait_until_interrupted()
    return 0


def wanted_ports(arguments: argparse.Namespace) -> dict[str, int]:
    """The ports that were asked for, by room."""
    return {"open": arguments.open_port, "closed": arguments.closed_port}


@contextlib.contextmanager
def background(installation: Installation, ports: Mapping[str, int] | None = None) -> Iterator[Installation]:
    """Worker and scheduler of both rooms, ended afterwards; leftovers of a killed run are ended first.

    Yields the installation with the ports that are free of those asked for: mail tells the address by them.
    ServiceError while another command serves this installation: its processes are no leftovers.
    """
    with (installation.home.path / "serving.lock").open("w") as serving:
        try:
            fcntl.flock(serving, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError(
                "This installation is being served already, by another demo or serve. Stop that one first, or set"
                " PVTRACKER_HOME to have a second installation."
            ) from None
        children.stop_leftovers(installation.home)
        if ports:
            installation = replace(installation, ports=free_ports(ports))
        wanted = [(room, name) for room in ROOMS for name in ("worker", "scheduler")]
        running = {place: children.start(installation, *place, place[1]) for place in wanted}
        stop = threading.Event()
        watch = threading.Thread(target=_keep_alive, args=(installation, running, stop), daemon=True)
        watch.start()
        try:
            yield installation
        finally:
            stop.set()
            watch.join()
            children.stop_all(list(running.values()))


def _keep_alive(
    installation: Installation, running: dict[tuple[str, str], subprocess.Popen[bytes]], stop: threading.Event
) -> None:
    """Start again what has died, at most once a few seconds: a killed worker must not end a demo's jobs."""
    while not stop.wait(3):
        for (room, name), child in running.items():
            if child.poll() is not None:
                print(
                    f"the {room} room's {name} ended ({child.returncode}); starting it again", file=sys.stderr
                )
                running[room, name] = children.start(installation, room, name, name)


@contextlib.contextmanager
def web(installation: Installation, ports: Mapping[str, int]) -> Iterator[None]:
    """The web process of both rooms, answering, ended afterwards."""
    running = {
        room: children.start(
            installation, room, "web", "web", "--bind", f"127.0.0.1:{port}", "--workers", "1"
        )
        for room, port in ports.items()
    }
    try:
        for room, child in running.items():
            _wait_until_healthy(room, ports[room], child)
        yield
    finally:
        children.stop_all(list(running.values()))


def free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """The wanted ports, or for one that is taken the next free one (said on standard error)."""
    found: dict[str, int] = {}
    for room, port in wanted.items():
        chosen = next(p for p in range(port, port + 200) if p not in found.values() and _is_free(p))
        if chosen != port:
            print(f"port {port} is taken; the {room} room uses {chosen}", file=sys.stderr)
        found[room] = chosen
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait_until_healthy(room: str, port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        health = f"http://127.0.0.1:{port}/health/"
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=5):
            return
        time.sleep(0.1)
    raise ServiceError(f"The web process of the {room} room did not answer; see logs/{room}-web.log.")


def wait_until_interrupted() -> None:
    """Return on Ctrl-C or SIGTERM."""
    stop = threading.Event()
    previous = {n: signal.signal(n, lambda *_: stop.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stop.wait(0.5):
            pass
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
