"""docs/reference/settings.md: every variable that the program reads."""

from __future__ import annotations

import ast
import re

from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.ops.docs.source import PACKAGE, calls, parse, text_of
from pvtracker.ops.rooms import GIVEN

# Variable → meaning. A variable that the program reads and this table does not know stops the generator, and so does
# one that it knows and the program does not read.
LAUNCHER = {
    "PVTRACKER_HOME": "folder for data, secrets and logs of this installation; `var/` of the project when not given",
    "PVTRACKER_ENVIRONMENT": "`image` where the packages are installed (Docker); otherwise `.venv` is made",
    "DATABASE_URL": "administrative connection to PostgreSQL, 15 or newer; an embedded one is started when not given",
    "DATABASE_PASSWORD": "its password, when the URL leaves it out",
    "REDIS_URL": "the open room's broker, Redis or Valkey, ending in a database number; embedded ones when not given",
    "REDIS_URL_CLOSED": "the same for the closed room; the next database of the same server when not given",
    "PVTRACKER_OPEN_LOGIN_PASSWORD": "password that the open room's login gets",
    "PVTRACKER_OPEN_OWNER_PASSWORD": "password of the owner of the open room's tables, used for migrations only",
    "PVTRACKER_OPEN_SEALER_PASSWORD": "password of the login that seals the open room's audit trail",
    "PVTRACKER_OPEN_SECRET_KEY": "the open room's `PVTRACKER_SECRET_KEY`, for processes that the launcher starts",
    "PVTRACKER_CLOSED_LOGIN_PASSWORD": "password that the closed room's login gets",
    "PVTRACKER_CLOSED_OWNER_PASSWORD": "password of the owner of the closed room's tables, used for migrations only",
    "PVTRACKER_CLOSED_SEALER_PASSWORD": "password of the login that seals the closed room's audit trail",
    "PVTRACKER_CLOSED_SECRET_KEY": "the closed room's `PVTRACKER_SECRET_KEY`, for processes that the launcher starts",
    "PVTRACKER_CLOSED_STORAGE_KEY": "the closed room's `PVTRACKER_STORAGE_KEY`, for processes that the launcher starts",
}
ROOM = {
    "PVTRACKER_ROOM": "`open` or `closed`; without it, `manage.py` is the launcher",
    "PVTRACKER_SECRET_KEY": "signs cookies; 50 random characters or more, another one in each room",
    "PVTRACKER_DATABASE_URL": "the room's own database with the room's own login; a superuser or the owner is refused",
    "PVTRACKER_DATABASE_PASSWORD": "its password, when the URL leaves it out",
    "PVTRACKER_SEALER_URL": "the login that seals the audit trail; for the scheduler and `verify_audit` only",
    "PVTRACKER_SEALER_PASSWORD": "its password, when the URL leaves it out",
    "PVTRACKER_ANCHORS": "folder in which the scheduler anchors the audit trail; copy its file to another machine",
    "PVTRACKER_BROKER_URL": "the room's own broker, for example `redis://valkey-open:6379/0`",
    "PVTRACKER_BROKER_PASSWORD": "its password, when the URL leaves it out",
    "PVTRACKER_STORAGE": "folder of the room's files",
    "PVTRACKER_OPEN_STORAGE": "closed room only: where it reads the open room's frozen cuts; give it read-only",
    "PVTRACKER_STORAGE_KEY": "closed room only: 32 random bytes in base64; encrypts the files. Lost key, lost files",
    "PVTRACKER_ALLOWED_HOSTS": "host names that the web process answers to, comma-separated",
    "PVTRACKER_TRUSTED_ORIGINS": "origins whose forms are accepted, comma-separated: `https://open.example.org`",
    "PVTRACKER_HTTPS": "secure cookies, redirect to HTTPS, HSTS; on unless it is a demo",
    "PVTRACKER_BEHIND_PROXY": "believe `X-Forwarded-Proto` and `X-Forwarded-For`; only behind a proxy that sets them",
    "PVTRACKER_OIDC_ISSUER": "address of an OpenID Connect provider; single sign-on is off without it",
    "PVTRACKER_OIDC_CLIENT_ID": "our client id there; asked for only with an issuer",
    "PVTRACKER_OIDC_CLIENT_SECRET": "our secret there; asked for only with an issuer",
    "PVTRACKER_OIDC_NAME": "what the button on the sign-in page says",
    "PVTRACKER_OIDC_MATCH": "`email`: its verified address is the account's; else the claim that is the user name",
    "PVTRACKER_OIDC_SECOND_FACTOR": "values of `amr` or `acr` that are believed as a second factor; none by default",
    "PVTRACKER_SECURITY_CONTACT": "address that gets a mail when somebody was locked out; the log is told always",
    "PVTRACKER_ADDRESS": "where people open this room, as mail tells it; else the first trusted origin or host",
    "PVTRACKER_MAIL_HOST": "this room's mail server (SMTP); no mail is sent without it",
    "PVTRACKER_MAIL_FOLDER": "folder in which mails are written as files instead of being sent; for a demo",
    "PVTRACKER_MAIL_PORT": "its port",
    "PVTRACKER_MAIL_TLS": "speak STARTTLS to it",
    "PVTRACKER_MAIL_USER": "name to sign in to it with, where it asks for one",
    "PVTRACKER_MAIL_PASSWORD": "the password",
    "PVTRACKER_MAIL_FROM": "sender of the mail",
    "PVTRACKER_STATIC": "folder of collected static files",
    "PVTRACKER_STATIC_FROM_SOURCE": "serve static files from the source tree; on in a demo",
    "PVTRACKER_DEMO": "demo: plain HTTP, static files from source, faults with their stack in the log",
    "PVTRACKER_JOB_LEASE_SECONDS": "how long a worker may be silent before its job is given to another",
    "PVTRACKER_HEARTBEAT": "file that the scheduler touches each round, for a health check",
}
READERS = {"read", "read_bool", "read_list", "read_url"}


class UnknownSetting(ValueError):
    """The program and the table above disagree about a variable."""


def page() -> str:
    """Settings of the launcher and of a room, with their defaults."""
    defaults = read_by_program()
    known = {**LAUNCHER, **ROOM}
    if missing := sorted(set(defaults) - set(known)):
        raise UnknownSetting(f"Say in pvtracker/ops/docs/settings.py what these mean: {', '.join(missing)}.")
    if gone := sorted(set(known) - set(defaults)):
        raise UnknownSetting(f"Nothing reads these of pvtracker/ops/docs/settings.py: {', '.join(gone)}.")

    def rows(meanings: dict[str, str]) -> list[tuple[str, str, str]]:
        return [(code(name), defaults[name], meaning) for name, meaning in meanings.items()]

    parts = [
        "Settings are environment variables. Each that starts with `PVTRACKER_`, and those of the launcher, may "
        "instead be given as a file that holds the value: `NAME_FILE=/run/secrets/name`. The variable wins over "
        "the file.",
        "## Of a room",
        "A process holds the settings of its own room and of no other.",
        table(("variable", "default", "meaning"), rows(ROOM)),
        "## Of the launcher",
        "`manage.py` without `PVTRACKER_ROOM`. What is not given is made and kept in `secrets.json` of the home "
        "folder. `PVTRACKER_HOME`, `PVTRACKER_ENVIRONMENT`, `REDIS_URL` and `REDIS_URL_CLOSED` are read from the "
        "environment only, not from files.",
        table(("variable", "default", "meaning"), rows(LAUNCHER)),
    ]
    return document(
        title="Settings",
        source="`pvtracker/settings.py`, the launcher, `pvtracker/ops/docs/settings.py`",
        parts=parts,
    )


def read_by_program() -> dict[str, str]:
    """Every variable that a file under pvtracker reads, with its default as text ('required' where there is none)."""
    found = dict.fromkeys(GIVEN.values(), "")
    for path in sorted(PACKAGE.rglob("*.py")):
        if (
            path.name == "test.py" or "docs" in path.parts
        ):  # the test command hands its own variables to pytest
            continue
        tree = parse(path)
        for name, call in calls(tree):
            if name in READERS or (name == "get" and "environ" in ast.unparse(call.func)):
                _note(found, call, flag=name == "read_bool", required=name in {"read", "read_url"})
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Subscript)
                and text_of(node.value) == "os.environ"
                and _is_ours(text_of(node.slice))
            ):
                found.setdefault(text_of(node.slice), "")
    return found


def _note(found: dict[str, str], call: ast.Call, *, flag: bool, required: bool) -> None:
    names = [a.value for a in call.args if isinstance(a, ast.Constant) and _is_ours(str(a.value))]
    if not names:
        return
    default = call.args[1] if len(call.args) > 1 and len(names) == 1 else None
    for keyword in call.keywords:
        if keyword.arg == "default":
            default = keyword.value
    found.setdefault(
        str(names[0]), "off" if flag and default is None else _default(default, required=required)
    )
    for password in names[1:]:  # read_url(name, password)
        found[str(password)] = ""


def _default(node: ast.expr | None, *, required: bool) -> str:
    if node is None:
        return "required" if required else ""
    if isinstance(node, ast.Constant):
        return code(str(node.value)) if node.value not in ("", None) else ""
    return {"DEMO": "off, on in a demo", "not DEMO": "on, off in a demo"}.get(ast.unparse(node), "")


def _is_ours(name: str) -> bool:
    return re.fullmatch(r"(PVTRACKER|DATABASE|REDIS)_[A-Z_]+", name) is not None
