"""`manage.py calculate`: a statistic of the catalogue from numbers that are typed or in a file. Needs no service."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from pvtracker.lib.whole_files import write_whole
from pvtracker.stats.calculator import told
from pvtracker.stats.calculator.arguments import Refused, WrongUsage, named, statistic_named
from pvtracker.stats.calculator.cases import from_file, typed
from pvtracker.stats.calculator.computed import compute


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-h", "--help", action="store_true", help="say this, or what the arguments of METHOD mean"
    )
    parser.add_argument("method", nargs="?", metavar="METHOD", help="one of those that --list names")
    parser.add_argument(
        "arguments",
        nargs="*",
        metavar="NAME=VALUE",
        help="an argument of the method; several values as a comma list, one number goes with a list of any length",
    )
    parser.add_argument("--cases", metavar="FILE", help="a CSV file: columns are arguments, rows are cases")
    parser.add_argument(
        "--json", metavar="FILE", nargs="?", const="-", help="write the result as JSON; - for standard output"
    )
    parser.add_argument(
        "--list", action="store_true", help="name the methods, or METHOD, with their arguments"
    )


def run(arguments: Namespace) -> int:
    """Compute and print. Exit 1: what was given cannot be computed; 2: it was asked wrongly."""
    try:
        return _run(arguments)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2 if isinstance(refusal, WrongUsage) else 1


def _run(arguments: Namespace) -> int:
    words: list[str] = arguments.arguments
    if arguments.json and "=" in arguments.json:  # --json without a file, before name=value
        words, arguments.json = [*words, arguments.json], "-"
    if arguments.help and not arguments.method:
        parser = ArgumentParser(prog="manage.py calculate", conflict_handler="resolve")
        add_arguments(parser)
        parser.print_help()
        return 0
    if arguments.list or arguments.help:
        statistic_named(arguments.method) if arguments.method else None
        print(told.listed(arguments.method or ""), end="")
        return 0
    if not arguments.method:
        raise WrongUsage("Which method? Name one: calculate METHOD name=value …; --list names them all.")
    statistic, texts = statistic_named(arguments.method), named(words)
    if arguments.cases:
        calls = from_file(statistic, _content(arguments.cases), texts, name=arguments.cases)
    else:
        calls = typed(statistic, texts)
    computed = compute(statistic, calls)
    if arguments.json == "-":
        print(told.as_json(statistic, computed), end="")
        return 0
    if arguments.json:
        _write(arguments.json, told.as_json(statistic, computed))
    print(told.as_text(statistic, computed), end="")
    return 0


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as fault:
        raise Refused(f"{file} cannot be read ({fault.strerror}); --cases names a CSV file.") from None


def _write(file: str, text: str) -> None:
    try:
        write_whole(Path(file), text.encode())
    except OSError as fault:
        raise Refused(f"{file} cannot be written ({fault.strerror}); name another file, or - .") from None
