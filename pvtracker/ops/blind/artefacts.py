"""What the open room of a twin holds and gives away, as named bytes in a fixed order."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvtracker.ops import children
from pvtracker.ops.blind import dump, scratch
from pvtracker.ops.rooms import Installation
from pvtracker.ops.services.postgres import ServiceError

COST = "(asked of the database"  # no header begins so
DATABASE, PAGE, FILE, LOG, BROKER, TOLD = "database", "page", "file", "log", "broker", "told"


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something of the open room: its kind, where it was found, its bytes."""

    kind: str
    place: str
    content: bytes


def collect(
    installation: Installation, *, study: str, sponsor: tuple[str, str], short: bool, told: bytes = b""
) -> list[Artefact]:
    """Everything, the database first: its order gives the ids their numbers. `told` is what commands printed.

    The pages are fetched after the dump of clinical tables, since looking at pages writes sessions and records.
    """
    found = [
        Artefact(DATABASE, name, text.encode())
        for name, text in dump.dump(scratch.database_url(installation, "open"))
    ]
    found += _files(installation.home.storage("open"))
    found += pages(installation, study=study, sponsor=sponsor, short=short)
    found += _logs(installation.home.path / "logs")
    found += broker(installation.broker_urls["open"])
    return [*found, Artefact(TOLD, "import and job reports", told)] if told else found


def pages(
    installation: Installation, *, study: str, sponsor: tuple[str, str], short: bool
) -> Iterator[Artefact]:
    """Every answer to every blinded role, fetched inside a process of the open room."""
    path = installation.home.path / "walk.jsonl.gz"
    told = [study, "--output", str(path), "--client", *sponsor, *(["--short"] if short else [])]
    if children.run(installation, "open", "blind_walk", *told).returncode:
        raise ServiceError("The pages of the open room could not be walked; see the message above.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield _answer(json.loads(line))
    path.unlink()


def times(installation: Installation, *, study: str, times: int) -> dict[str, list[float]]:
    """Seconds of each request for a participant's page, by subject; asked inside a process of the open room."""
    path = installation.home.path / "times.json"
    told = [study, "--output", str(path), "--client", "", "", "--times", str(times)]
    if children.run(installation, "open", "blind_walk", *told).returncode:
        raise ServiceError("The pages of the open room could not be timed; see the message above.")
    found: dict[str, list[float]] = json.loads(path.read_text())
    path.unlink()
    return found


def _answer(said: dict[str, Any]) -> Artefact:
    statements, rows = said["cost"]
    head = "\n".join(f"{name}: {value}" for name, value in said["headers"])
    head += f"\n{COST}: {statements} statements, {rows} rows)"
    body = base64.b64decode(said["body"])
    place = f"{said['method']} {said['url']} as {said['role']}"
    return Artefact(PAGE, place, f"{said['status']}\n{head}\n\n".encode() + body)


def body_of(answer: Artefact) -> bytes:
    """The body of a page without status and headers."""
    return answer.content.partition(b"\n\n")[2]


def _files(folder: Path) -> Iterator[Artefact]:
    """Every file, in the order of its folder's making: names are random ids."""
    for path in sorted(folder.rglob("*"), key=lambda p: (len(p.parts), p.parent.stat().st_mtime_ns, p.name)):
        if path.is_file():
            yield Artefact(FILE, path.relative_to(folder).as_posix(), path.read_bytes())


def _logs(folder: Path) -> Iterator[Artefact]:
    for path in sorted(folder.glob("open-*")):
        yield Artefact(LOG, path.name, path.read_bytes())


def broker(url: str) -> Iterator[Artefact]:
    """Every key of the open broker with its value, whatever its kind."""
    with contextlib.closing(scratch.client(url)) as server:
        keys: list[bytes] = sorted(server.keys("*"))  # type: ignore[arg-type]  # one client serves both ways of calling
        for key in keys:
            yield Artefact(BROKER, key.decode(errors="replace"), repr(_value(server, key)).encode())


def _value(server: Any, key: bytes) -> object:
    kind = server.type(key).decode()
    if kind == "string":
        return server.get(key)
    if kind == "list":
        return server.lrange(key, 0, -1)
    if kind == "set":
        return sorted(server.smembers(key))
    if kind == "zset":
        return server.zrange(key, 0, -1, withscores=True)
    if kind == "hash":
        return sorted(server.hgetall(key).items())
    return server.dump(key)
