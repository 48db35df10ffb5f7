"""Sealed files: readable with the key and under their own name, and in no other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.lib.sealed import SealError, seal, unseal

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@given(st.binary(max_size=300))
def test_what_was_sealed_is_read_back(plain: bytes) -> None:
    assert unseal(seal(plain, key=KEY, name="a"), key=KEY, name="a") == plain


def test_the_content_cannot_be_seen_and_no_two_seals_are_alike() -> None:
    plain = b"Xanomeline High Dose" * 20
    first, second = seal(plain, key=KEY, name="arms"), seal(plain, key=KEY, name="arms")
    assert first != second
    assert b"Xanomeline" not in first


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SealError, match="another key"):
        unseal(seal(b"secret", key=KEY, name="arms"), key=OTHER, name="arms")


def test_a_file_under_another_name_does_not_open() -> None:
    sealed = seal(b"secret", key=KEY, name="cut-1/arms")
    with pytest.raises(SealError, match="renamed"):
        unseal(sealed, key=KEY, name="cut-2/arms")


@pytest.mark.parametrize("position", [0, 9, 25, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(seal(b"some twenty bytes here", key=KEY, name="arms"))
    sealed[position] ^= 1
    with pytest.raises(SealError):
        unseal(bytes(sealed), key=KEY, name="arms")


@pytest.mark.parametrize("rest", [b"", b"PVSEAL1\n", b"PVSEAL1\n" + bytes(20)])
def test_what_is_no_sealed_file_is_said_to_be_none(rest: bytes) -> None:
    with pytest.raises(SealError, match="not a sealed file"):
        unseal(rest, key=KEY, name="arms")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"", key=KEY[:16], name="arms")
