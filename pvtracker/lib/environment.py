"""Reading settings from the environment, or from a file that the environment names (``NAME_FILE``)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit


class MissingSetting(RuntimeError):
    """A setting that this process cannot do without; the text names it and says how to give it."""


def read(name: str, default: str | None = None) -> str:
    """The value of environment variable `name`, else the content of the file named by ``<name>_FILE``."""
    if os.environ.get(name):
        return os.environ[name]
    if os.environ.get(f"{name}_FILE"):
        return Path(os.environ[f"{name}_FILE"]).read_text().strip()
    if default is None:
        raise MissingSetting(
            f"{name} is not set. Give it in the environment, or name a file that holds it in {name}_FILE. "
            "docs/reference/settings.md lists every setting."
        )
    return default


def read_bool(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes, on in any case."""
    return read(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def read_list(name: str, default: str = "") -> list[str]:
    """Comma-separated values, blanks dropped."""
    return [part.strip() for part in read(name, default).split(",") if part.strip()]


def read_url(name: str, password: str, default: str | None = None) -> str:
    """The URL of variable `name`; the variable `password`, where it is given, holds the password that it leaves out.

    So that a URL can stand in a file that everybody reads and its password in one that few do (``<password>_FILE``).
    """
    url, secret = read(name, default), read(password, "")
    if not secret or not url:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if ":" in user:
        raise MissingSetting(
            f"{name} holds a password already; leave it out of the URL, or unset {password}."
        )
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(secret, safe='')}@{host}"))
