"""`manage.py coverage`: how often limits hold and tests err at given sizes, as a page. Needs no service."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from pvtracker.lib.whole_files import write_whole
from pvtracker.ops import coverage_page


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--page", metavar="FILE", help="write the page to FILE instead of printing it")
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=tuple(coverage_page.SECTIONS),
        default=[],
        help="do this section anew and keep the others of the page that FILE has; may be given several times: "
        + ", ".join(coverage_page.SECTIONS),
    )


def run(arguments: Namespace) -> int:
    before = ""
    if arguments.only:
        if not arguments.page:
            print("--only needs --page: the other sections are kept as they stand there", file=sys.stderr)
            return 2
        before = Path(arguments.page).read_text(encoding="utf-8")
    text = coverage_page.page(only=arguments.only, before=before)
    if arguments.page:
        write_whole(Path(arguments.page), text.encode())
    else:
        print(text, end="")
    return 0
