"""`--expect DOMAIN=ROWS`: how many rows a delivery must hold. Used by the launcher and by both rooms."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

from pvtracker.formats import SDTM_DOMAINS


def add_expect(parser: ArgumentParser) -> None:
    """Add the option, which may be given several times, with one or more counts each."""
    parser.add_argument(
        "--expect",
        nargs="+",
        action="extend",
        default=[],
        type=_pair,
        metavar="DOMAIN=ROWS",
        help="a domain with other than this many rows is not stored",
    )


def expected_rows(pairs: list[tuple[str, int]]) -> dict[str, int]:
    return dict(pairs)


def as_options(pairs: list[tuple[str, int]]) -> list[str]:
    """The same, as arguments for a child process."""
    return [part for domain, rows in pairs for part in ("--expect", f"{domain}={rows}")]


def _pair(text: str) -> tuple[str, int]:
    domain, _, rows = text.partition("=")
    if not domain.isalpha() or len(domain) != 2 or not rows.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not DOMAIN=ROWS, for example AE=1191")
    if domain.upper() not in SDTM_DOMAINS:
        raise ArgumentTypeError(f"{domain!r} is no domain that is imported: {' '.join(SDTM_DOMAINS).lower()}")
    return domain.upper(), int(rows)
