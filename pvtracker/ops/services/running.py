"""Starting the services an installation needs, sharing them between commands, and stopping them after the last one.

Every command holds a shared lock while it uses the services; whoever can turn it into an exclusive one at the end is
the last, and stops them. Locks vanish with their process, so a killed command leaves nothing to clean by hand: the next
start finds the servers running and takes them over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from pvtracker.lib.environment import read, read_url
from pvtracker.ops.provision import provision
from pvtracker.ops.rooms import ROOMS, Home, Installation, Names
from pvtracker.ops.services.postgres import EmbeddedPostgres, ServiceError
from pvtracker.ops.services.valkey import EmbeddedValkey


@contextlib.contextmanager
def services(*, home: Home, names: Names, durable: bool = True, demo: bool = True) -> Iterator[Installation]:
    """An installation whose database and brokers answer, with its schema up to date."""
    home.make()
    known = home.secrets()
    postgres = (
        None
        if read("DATABASE_URL", "")
        else EmbeddedPostgres(home=home.path, password=known["postgres_admin"], durable=durable)
    )
    valkeys = (
        []
        if os.environ.get("REDIS_URL")
        else [EmbeddedValkey(home=home.path, room=room, password=known[f"{room}_broker"]) for room in ROOMS]
    )
    with (home.path / "starting.lock").open("w") as starting, (home.path / "using.lock").open("w") as using:
        fcntl.flock(starting, fcntl.LOCK_EX)
        try:
            fcntl.flock(using, fcntl.LOCK_SH)
            admin_url = postgres.start() if postgres else read_url("DATABASE_URL", "DATABASE_PASSWORD")
            brokers = (
                {room: valkey.start() for room, valkey in zip(ROOMS, valkeys, strict=True)}
                if valkeys
                else given_brokers(os.environ["REDIS_URL"])
            )
            installation = Installation(
                home=home, names=names, admin_url=admin_url, broker_urls=brokers, demo=demo
            )
            provision(installation)
        finally:
            fcntl.flock(starting, fcntl.LOCK_UN)
        try:
            yield installation
        finally:
            fcntl.flock(starting, fcntl.LOCK_EX)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for valkey in valkeys:
                    valkey.stop()
                if postgres:
                    postgres.stop()


def given_brokers(url: str) -> dict[str, str]:
    """Two brokers from one `REDIS_URL`: neighbouring databases of the server, or `REDIS_URL_CLOSED` for the closed."""
    parts = urlsplit(url)
    number = parts.path.strip("/") or "0"
    if not number.isdigit():
        raise ServiceError(f"REDIS_URL must end in a database number such as /0, not {parts.path!r}.")
    closed = os.environ.get("REDIS_URL_CLOSED") or parts._replace(path=f"/{int(number) + 1}").geturl()
    return {"open": parts._replace(path=f"/{number}").geturl(), "closed": closed}
