"""The production files, as far as they can be judged without a Docker engine: the wall, secrets, users, limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pvtracker.lib.environment import MissingSetting, read_url
from pvtracker.ops.environment import ROOT
from pvtracker.ops.rooms import Home, Installation, Names

DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROCESSES = {
    room: [f"{room}-{kind}" for kind in ("web", "worker", "scheduler")] for room in ("open", "closed")
}
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


def networks(name: str) -> set[str]:
    return set(SERVICES[name]["networks"])


def mounts(name: str) -> dict[str, str]:
    """Volume → place and options."""
    return dict(volume.split(":", 1) for volume in SERVICES[name].get("volumes", []))


# --- the wall -------------------------------------------------------------------------------------------------------
def test_no_open_service_can_reach_a_closed_one() -> None:
    opened = [*PROCESSES["open"], "valkey-open"]
    closed = [*PROCESSES["closed"], "valkey-closed"]
    for one in opened:
        for other in closed:
            assert not networks(one) & networks(other), (one, other)


def test_only_the_database_and_the_proxy_stand_between_the_rooms() -> None:
    both = {
        name
        for name in SERVICES
        if {"open", "closed"} <= {network.split("-")[0] for network in networks(name)}
    }
    assert both == {"postgres", "proxy"}
    assert networks("proxy") & networks("postgres") == set()


def test_only_the_proxy_meets_the_outside() -> None:
    outside = [name for name, network in COMPOSE["networks"].items() if not network.get("internal")]
    assert outside == ["edge"]
    assert [name for name in SERVICES if "edge" in networks(name)] == ["proxy"]
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]


@pytest.mark.parametrize(("room", "other"), [("open", "closed"), ("closed", "open")])
def test_a_room_holds_its_own_secrets_and_no_other(room: str, other: str) -> None:
    for name in [*PROCESSES[room], f"valkey-{room}"]:
        secrets = SERVICES[name]["secrets"]
        assert secrets and all(secret.startswith(f"{room}_") for secret in secrets), name
        assert not any("owner" in secret or "tls" in secret for secret in secrets), name
    for name in PROCESSES[room]:
        environment = SERVICES[name]["environment"]
        assert environment["PVTRACKER_ROOM"] == room
        leaving = {key: value for key, value in environment.items() if key != "PVTRACKER_OPEN_STORAGE"}
        assert other not in str(leaving).lower(), name


def test_only_closed_processes_hold_the_storage_key() -> None:
    holders = {
        name for name, service in SERVICES.items() if "closed_storage_key" in service.get("secrets", [])
    }
    assert holders == set(PROCESSES["closed"])


@pytest.mark.parametrize("room", ["open", "closed"])
def test_only_the_scheduler_seals_the_rooms_audit_trail(room: str) -> None:
    secret = f"{room}_sealer_password"
    holders = {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
    assert holders == {f"{room}-scheduler", "migrate"}
    told = SERVICES[f"{room}-scheduler"]["environment"]
    names = Names()
    login = f"postgresql://{names.sealer(room)}@postgres:5432/{names.database(room)}"
    assert told["PVTRACKER_SEALER_URL"] == login
    assert mounts(f"{room}-scheduler")[f"{room}-anchors"] == told["PVTRACKER_ANCHORS"]
    assert {name for name in SERVICES if f"{room}-anchors" in mounts(name)} == {f"{room}-scheduler"}
    for name in set(PROCESSES[room]) - {f"{room}-scheduler"}:
        assert not {"PVTRACKER_SEALER_URL", "PVTRACKER_ANCHORS"} & set(SERVICES[name]["environment"]), name


def test_the_closed_volume_is_closed_and_open_cuts_are_read_only_there() -> None:
    holders = {name for name in SERVICES if "closed-storage" in mounts(name)}
    assert holders == set(PROCESSES["closed"])
    for name in PROCESSES["closed"]:
        assert mounts(name)["open-storage"] == "/var/lib/pvtracker/open:ro"
    assert {name for name in SERVICES if "open-storage" in mounts(name)} == holders | set(PROCESSES["open"])


def test_the_administrators_password_is_known_to_the_server_and_the_one_shot_launcher_only() -> None:
    holders = {name for name, service in SERVICES.items() if "admin_password" in service.get("secrets", [])}
    assert holders == {"postgres", "migrate"}
    assert SERVICES["migrate"]["restart"] == "no"
    for name in [*PROCESSES["open"], *PROCESSES["closed"]]:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


# --- secrets --------------------------------------------------------------------------------------------------------
def test_every_secret_is_a_file_that_git_does_not_take() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert {"secrets/", ".env"} <= set((DOCKER / ".gitignore").read_text().split())


def test_every_secret_is_declared_used_and_made_or_asked_for() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    script = (DOCKER / "make-secrets.sh").read_text()
    kinds = re.search(r"for kind in (.*); do", script)
    assert kinds is not None
    made = {f"{room}_{kind}" for room in ("open", "closed") for kind in kinds[1].split()}
    made |= set(re.findall(r'^make (\w+) "', script, flags=re.MULTILINE))
    brought = re.search(r"for file in (.*); do", script)
    assert brought is not None
    assert made | set(brought[1].split()) == used


def test_no_service_is_told_a_secret_in_its_environment_or_arguments() -> None:
    secret = re.compile(r"password|secret|key", re.IGNORECASE)
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable):
                assert variable.endswith("_FILE") and str(value).startswith("/run/secrets/"), (name, variable)
                assert Path(str(value)).name in service["secrets"], (name, variable)
            assert not re.search(r"://[^/@]*:[^/@]+@", str(value)), f"{name}: {variable} carries a password"


def test_a_password_file_completes_a_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p/w@1\n")
    monkeypatch.setenv("SERVER_URL", "postgresql://pv_open@postgres:5432/pvtracker_open")
    assert read_url("SERVER_URL", "SERVER_PASSWORD") == "postgresql://pv_open@postgres:5432/pvtracker_open"
    monkeypatch.setenv("SERVER_PASSWORD_FILE", str(tmp_path / "password"))
    assert (
        read_url("SERVER_URL", "SERVER_PASSWORD")
        == "postgresql://pv_open:p%2Fw%401@postgres:5432/pvtracker_open"
    )
    monkeypatch.setenv("SERVER_URL", "redis://valkey-open:6379/0")
    assert read_url("SERVER_URL", "SERVER_PASSWORD") == "redis://:p%2Fw%401@valkey-open:6379/0"


def test_a_password_in_both_places_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_URL", "redis://:one@valkey:6379/0")
    monkeypatch.setenv("SERVER_PASSWORD", "two")
    with pytest.raises(MissingSetting, match="leave it out of the URL, or unset SERVER_PASSWORD"):
        read_url("SERVER_URL", "SERVER_PASSWORD")


def test_the_launcher_takes_the_passwords_that_the_rooms_are_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, place in SERVICES["migrate"]["environment"].items():
        if variable.startswith("PVTRACKER_"):
            (tmp_path / Path(place).name).write_text(f"given {Path(place).name}\n")
            monkeypatch.setenv(variable, str(tmp_path / Path(place).name))
    home = Home(tmp_path / "home")
    home.make()
    installation = Installation(home, Names(), "postgresql://pv_admin:a@postgres:5432/postgres", {})
    for room in ("open", "closed"):
        for owner, name in ((False, "login"), (True, "owner")):
            assert f":given%20{room}_{name}_password@" in installation.database_url(room, owner=owner)
        assert f":given%20{room}_sealer_password@" in installation.sealer_url(room)
        told = SERVICES[f"{room}-web"]["environment"]["PVTRACKER_DATABASE_URL"]
        expected = installation.database_url(room)
        assert re.sub(r":given[^@]*@", "@", expected) == told
    assert "given" not in (home.path / "secrets.json").read_text()


# --- hardening ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_as_nobody_special(name: str) -> None:
    service = SERVICES[name]
    user, _, group = str(service["user"]).partition(":")
    assert int(user) > 0 and int(group) > 0
    assert service["cap_drop"] == ["ALL"] and not service.get("cap_add") and not service.get("privileged")
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_a_restart_policy_and_a_health_check(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"] and service["cpus"] and service["pids_limit"]
    if name == "migrate":
        assert service["healthcheck"] == {"disable": True}  # it ends; its exit code is its health
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"} and service["healthcheck"]["interval"]


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_has_an_exact_version(name: str) -> None:
    image = re.fullmatch(r"\$\{[A-Z_]+:-(.+)\}", SERVICES[name]["image"])
    assert image is not None, "an image can be replaced by a digest through docker/.env"
    assert re.search(r":\d+\.\d+(\.\d+)?", image[1]) and "latest" not in image[1]
    assert image[1] in (DOCKER / "example.env").read_text()


def test_every_variable_of_the_compose_file_has_a_default_or_an_example() -> None:
    named = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (DOCKER / "compose.yaml").read_text()))
    example = set(re.findall(r"^([A-Z_]+)=", (DOCKER / "example.env").read_text(), flags=re.MULTILINE))
    assert named == example


def test_brokers_keep_what_they_were_told_and_refuse_when_full() -> None:
    lines = set((DOCKER / "valkey.conf").read_text().splitlines())
    assert {"appendonly yes", "maxmemory-policy noeviction"} <= lines
    volumes = [set(mounts(f"valkey-{room}")) - {"./valkey.conf"} for room in ("open", "closed")]
    assert not volumes[0] & volumes[1]


def test_every_network_and_volume_is_declared_and_used() -> None:
    assert set.union(*(networks(name) for name in SERVICES)) == set(COMPOSE["networks"])
    used = {volume for name in SERVICES for volume in mounts(name) if not volume.startswith(".")}
    assert used == set(COMPOSE["volumes"])


# --- the proxy ------------------------------------------------------------------------------------------------------
def test_each_host_name_leads_to_its_own_room() -> None:
    template = (DOCKER / "proxy" / "pvtracker.conf.template").read_text()
    servers = [part for part in template.split("server {") if "server_name" in part]
    assert len(servers) == 2
    for room, other, server in (("open", "closed", servers[0]), ("closed", "open", servers[1])):
        assert f"server_name ${{{room.upper()}_HOST}};" in server
        assert f"http://{room}-web:8000" in server and f"{other}-web" not in server
        assert "proxy_set_header X-Forwarded-Proto $scheme;" in server
        assert f"/run/secrets/{room}_tls_key;" in server


def test_a_token_that_storms_is_told_to_wait_and_nobody_else_is() -> None:
    """BI-097 as far as the configuration goes: counted by token, at the programs' addresses of the open room only."""
    template = (DOCKER / "proxy" / "pvtracker.conf.template").read_text()
    assert "limit_req_zone $http_authorization zone=feed:1m rate=20r/s;" in template
    assert "limit_req_status 429;" in template
    parts = template.split("location ")
    limited = [part.split(" ")[0] for part in parts if "limit_req zone=" in part]
    assert limited == ["/api/"]
    slower = next(part for part in parts if part.startswith("@slower"))
    assert "return 429" in slower and "add_header Retry-After 1 always;" in slower


# --- the image ------------------------------------------------------------------------------------------------------
def instructions() -> list[list[str]]:
    """The Dockerfile's instructions with continued lines joined, comments dropped."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip()]


def test_the_image_installs_wheels_by_hash_only() -> None:
    installs = [line for line in instructions() if "pip" in " ".join(line) and "install" in line]
    assert installs and all(
        {"--require-hashes", "--only-binary=:all:", "--no-cache-dir"} <= set(i) for i in installs
    )


def test_the_image_ends_as_an_ordinary_user_with_a_health_check() -> None:
    words = [line[0] for line in instructions()]
    assert [line[1] for line in instructions() if line[0] == "USER"] == ["10001:10001"]
    assert words.index("USER") > max(i for i, word in enumerate(words) if word in {"COPY", "RUN"})
    assert words.count("HEALTHCHECK") == 1
    assert "ADD" not in words, "COPY says what it does"


def test_the_image_is_debian_slim_with_the_python_of_the_lock() -> None:
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-bookworm$", DOCKERFILE, flags=re.MULTILINE)
    assert all(line[1] == "${PYTHON_IMAGE}" for line in instructions() if line[0] == "FROM")


def test_the_image_carries_no_secret_and_everything_it_copies_exists() -> None:
    for line in instructions():
        assert not (line[0] in {"ARG", "ENV"} and re.search(r"PASSWORD|SECRET|_KEY|_URL", " ".join(line)))
        if line[0] == "COPY" and not line[1].startswith("--from"):
            assert all((ROOT / source).exists() for source in line[1:-1]), line
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored
    copied = {
        s for line in instructions() if line[0] == "COPY" and "--from" not in line[1] for s in line[1:-1]
    }
    assert {name[1:] for name in ignored if name.startswith("!")} == copied
