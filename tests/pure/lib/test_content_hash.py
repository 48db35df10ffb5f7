"""The fingerprint by which a second delivery is recognised."""

from dataclasses import dataclass, replace

from pvtracker.lib.content_hash import content_hash


@dataclass(frozen=True, slots=True)
class Inner:
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    row: int
    text: str
    number: float | None
    inner: tuple[Inner, ...] = ()
    said: bool | None = None


ONE = Record(row=1, text="a", number=None, inner=(Inner("x"),))


@dataclass(frozen=True, slots=True)
class Wider:
    """`Record` with a field that was added later."""

    row: int
    text: str
    number: float | None
    inner: tuple[Inner, ...] = ()
    said: bool | None = None
    added: str = ""


def test_where_a_row_stands_is_no_content() -> None:
    assert content_hash(replace(ONE, row=2)) == content_hash(ONE)


def test_every_other_value_is() -> None:
    changed = [
        replace(ONE, text="b"),
        replace(ONE, number=0.0),
        replace(ONE, number=1.0),
        replace(ONE, inner=()),
        replace(ONE, inner=(Inner("y"),)),
        replace(ONE, said=False),
        replace(ONE, said=True),
    ]
    assert len({content_hash(record) for record in [ONE, *changed]}) == len(changed) + 1


def test_a_field_added_later_changes_nothing_while_it_has_its_default() -> None:
    assert content_hash(Wider(row=1, text="a", number=None, inner=(Inner("x"),))) == content_hash(ONE)
    assert content_hash(Wider(row=1, text="a", number=None, inner=(Inner("x"),), added="z")) != content_hash(
        ONE
    )
