"""`manage.py coverage`: how often limits hold and tests err at given sizes, as a page. Needs no service."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pvtracker.lib.whole_files import write_whole
from pvtracker.ops import coverage


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--page", metavar="FILE", help="write the page to FILE instead of printing it")


def run(arguments: Namespace) -> int:
    text = coverage.page()
    if arguments.page:
        write_whole(Path(arguments.page), text.encode())
    else:
        print(text, end="")
    return 0
