"""Codes of the demo's people are those of RFC 6238."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from pvtracker.accounts.roles import ROLES
from pvtracker.ops import demo_codes

KEY = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_examples_of_the_standard(seconds: int, code: str) -> None:
    assert demo_codes.code_at(KEY, seconds // demo_codes.PERIOD) == code


def test_who_needs_a_second_factor_has_one_and_each_code_is_given_once(tmp_path: Path) -> None:
    people, path = demo_codes.make(), tmp_path / "sign-ins.json"
    assert {name for name, one in people.items() if one.totp} == {
        k for k, r in ROLES.items() if r.second_factor
    }
    demo_codes.write(path, people)
    assert demo_codes.read(path) == people and path.stat().st_mode & 0o077 == 0
    assert demo_codes.code_now("statistician", path) != demo_codes.code_now("statistician", path)
    assert demo_codes.code_now("investigator", path) == ""
    with pytest.raises(demo_codes.NoDemo):
        demo_codes.code_now("nobody", path)
