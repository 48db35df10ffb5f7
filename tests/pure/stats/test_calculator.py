"""The calculator computes what the functions compute, and says of what it cannot read which, why and what to do."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvtracker.lib.code_version import code_version
from pvtracker.ops import launcher
from pvtracker.ops.commands import calculate
from pvtracker.stats import double_fdr_2004, fisher, fisher_power, rate_ratio_exact, risk_difference_mn
from pvtracker.stats.calculator.arguments import Argument, arguments_of
from pvtracker.stats.calculator.computed import by_name
from pvtracker.stats.calculator.told import plain
from pvtracker.stats.catalogue import STATISTICS
from tests.pure.stats.typed_examples import ALONE, CHEAP, LONG, OF_ONE, OPTIONS, VALUES

Captured = pytest.CaptureFixture[str]


def run(*words: str) -> int:
    """What `manage.py calculate` does with these words; argparse's own refusals are exit 2 as well."""
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    calculate.add_arguments(parser)
    return calculate.run(parser.parse_intermixed_args(words))


def calculated(capsys: Captured, *words: str) -> dict[str, Any]:
    """The JSON of a calculation."""
    assert run(*words, "--json", "-") == 0, capsys.readouterr().err
    made: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=lambda text: pytest.fail(text))
    return made


def refused(capsys: Captured, *words: str) -> tuple[int, str]:
    code = run(*words)
    out, sentence = capsys.readouterr()
    assert code in (1, 2) and out == "" and sentence.count("\n") == 1
    return code, sentence.strip()


def value_of(key: str, name: str, *, many: bool) -> Any:
    if name in OF_ONE.get(key, {}):
        return OF_ONE[key][name]
    values = VALUES if many else OPTIONS
    argument = arguments_of(STATISTICS[key])[name]
    if name not in values and not many and argument.default is not None and not argument.needed:
        return another(argument)
    assert name in values, f"say in tests/pure/stats/typed_examples.py what {name} of {key} takes"
    return values[name]


def another(argument: Argument) -> Any:
    """Some value that is not the default."""
    if argument.choices:
        return next(one for one in argument.choices if one != argument.default)
    assert argument.kind in ("yes or no", "number", "whole number"), argument
    return not argument.default if argument.kind == "yes or no" else argument.default + 1


def texts(value: Any) -> str:
    """As it is typed."""
    if isinstance(value, list | tuple):
        return ",".join(texts(one) for one in value)
    return str(value) or "-"


@pytest.mark.parametrize("key", STATISTICS)
def test_every_statistic_of_the_catalogue_gives_what_its_function_gives(key: str, capsys: Captured) -> None:
    """To the last digit, and with every option off its default."""
    statistic = STATISTICS[key]
    needed: dict[str, Any] = {}
    chosen: dict[str, Any] = {}
    for name, argument in arguments_of(statistic).items():
        value = value_of(key, name, many=argument.many)
        if value is None:  # does not go with the others
            continue
        chosen[name] = value
        if argument.needed or name in CHEAP:
            needed[name] = value
        else:
            assert value != argument.default or name in ALONE
    for values in (chosen,) if key in LONG else (needed, chosen):
        words = [key, *(f"{name}={texts(value)}" for name, value in values.items())]
        try:
            direct = {name: plain(value) for name, value in by_name(statistic.function(**values)).items()}
        except ValueError as fault:  # it needs one option or another
            assert values is needed and str(fault) in refused(capsys, *words)[1]
            continue
        made = calculated(capsys, *words)
        assert made["cases"][0]["result"] == direct
        assert made["method"] == key and made["code"] == {"name": "pvtracker", "version": code_version()}
        assert Path("docs/methods", statistic.page).exists()


def test_a_number_goes_with_a_list_and_options_stand_anywhere(capsys: Captured) -> None:
    made = calculated(
        capsys, "risk_difference_mn", "n_arm=6,8", "N_arm=38", "confidence_level=0.9", "n_ref=0,1", "N_ref=36"
    )
    direct = risk_difference_mn([6, 8], 38, [0, 1], 36, confidence_level=0.9)
    assert made["cases"][0]["result"]["high"] == direct.high.tolist()
    assert made["cases"][0]["arguments"]["N_arm"] == 38
    parser = ("fisher", "n_arm=6", "--json", "-", "N_arm=38", "n_ref=0", "N_ref=36")
    assert launcher.main(["calculate", *parser]) == 0
    assert json.loads(capsys.readouterr().out)["cases"][0]["result"]["p"] == fisher(6, 38, 0, 36).p.tolist()


def test_json_without_a_file_is_standard_output(capsys: Captured) -> None:
    assert run("fisher", "n_arm=6", "N_arm=38", "n_ref=0", "--json", "N_ref=36") == 0
    assert json.loads(capsys.readouterr().out)["method"] == "fisher"


def test_a_list_of_one_is_told_from_a_number(capsys: Captured) -> None:
    code, sentence = refused(capsys, "fisher", "n_arm=6,8", "N_arm=38,", "n_ref=0", "N_ref=36")
    assert code == 1 and "arguments must have the same length, got {'n_arm': 2, 'N_arm': 1}" in sentence


def test_what_does_not_exist_is_null_and_infinity_is_said(capsys: Captured, tmp_path: Path) -> None:
    words = ("rate_ratio_exact", "events_arm=3,0", "years_arm=10", "events_ref=0", "years_ref=9")
    result = calculated(capsys, *words)["cases"][0]["result"]
    direct = rate_ratio_exact([3, 0], 10, 0, 9)
    assert result["estimate"] == ["Infinity", None] and result["low"] == [direct.low[0], 0]
    assert result["warning"] == [None, direct.warning[1]] and direct.warning[1]
    file = tmp_path / "out.json"
    assert run(*words, "--json", str(file)) == 0
    assert json.loads(file.read_text())["cases"][0]["result"] == result
    table = capsys.readouterr().out.splitlines()
    assert table[0] == "Rate ratio, conditional exact (rate_ratio_exact)" and code_version() in table[2]
    assert table[6].split()[:6] == ["events_arm", "years_arm", "events_ref", "years_ref", "estimate", "low"]
    assert table[7].split()[:5] == ["3", "10", "0", "9", "∞"]
    assert table[8].split()[4] == "–" and str(direct.warning[1]) in table[8]
    assert table[6].index("low") + 3 == table[7].index("0.3719") + len(table[7].split()[5])  # aligned


def test_lists_of_different_lengths_stand_in_one_file(capsys: Captured, tmp_path: Path) -> None:
    """Participants, events and the hierarchy; - is no parent. What may not end early is told with its row."""
    names = ("in_arm", "event_participant", "event_node", "child", "parent")
    columns = [[texts(one) for one in VALUES[name]] for name in names]
    text = "\n".join(",".join(row) for row in [names, *zip_longest(*columns, fillvalue="")])
    made = calculated(capsys, "tree_scan", "replicates=99", "--cases", cases(tmp_path, text))["cases"][0][
        "result"
    ]
    direct = STATISTICS["tree_scan"].function(*(VALUES[name] for name in names), replicates=99)
    assert made == {name: plain(value) for name, value in by_name(direct).items()}


def test_a_long_table_is_cut_and_says_so(capsys: Captured) -> None:
    assert run("upper_limit_for_zero", f"N={','.join(map(str, range(1, 603)))}") == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 7 + 500 + 1 and told[-1] == "102 more rows are in the JSON."


def cases(folder: Path, text: str) -> str:
    file = folder / "cases.csv"
    file.write_text(text, encoding="utf-8-sig")
    return str(file)


def test_rows_of_a_file_are_tables(capsys: Captured, tmp_path: Path) -> None:
    file = cases(tmp_path, "n_arm,N_arm,n_ref,N_ref\n6,38,0,36\n8,38,1,36\n\n")
    made = calculated(capsys, "risk_difference_mn", "confidence_level=0.8", "--cases", file)
    direct = risk_difference_mn([6, 8], 38, [0, 1], 36, confidence_level=0.8)
    assert made["cases"][0]["result"]["low"] == direct.low.tolist()
    semicolons = cases(tmp_path, "n_arm;N_arm;n_ref;N_ref\n6;38;0;36\n")
    assert (
        calculated(capsys, "fisher", "--cases", semicolons)["cases"][0]["result"]["p"]
        == fisher(6, 38, 0, 36).p.tolist()
    )


def test_a_column_case_makes_calls_and_labels_are_texts(capsys: Captured, tmp_path: Path) -> None:
    """The two cases stand in turns in the file; a label may hold a comma."""
    rows = 'one,0.01,"Skin, nails"\ntwo,0.2,Eye\none,0.04,"Skin, nails"\none,nan,Eye\n'
    file = cases(tmp_path, "case,p,body_system\n" + rows)
    made = calculated(capsys, "double_fdr_2004", "--cases", file, "alpha_event=0.2")["cases"]
    assert [one["case"] for one in made] == ["one", "two"]
    direct = double_fdr_2004(
        np.array([0.01, 0.04, np.nan]), ["Skin, nails", "Skin, nails", "Eye"], alpha_event=0.2
    )
    assert made[0]["result"] == {name: plain(value) for name, value in by_name(direct).items()}
    assert made[1]["arguments"] == {
        "p": [0.2], "body_system": ["Eye"], "alpha_body_system": 0.05, "alpha_event": 0.2,
    }  # fmt: skip
    assert run("double_fdr_2004", "--cases", file) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table[6:]] == ["case", "one", "one", "one", "two"]


def test_a_statistic_without_lists_is_called_for_each_row(capsys: Captured, tmp_path: Path) -> None:
    file = cases(tmp_path, "risk_arm,N_arm,risk_ref,N_ref\n0.3,38,0.02,36\n0.3,38,0.02,36\n0.5,38,0.02,36\n")
    made = calculated(capsys, "fisher_power", "alpha=0.1", "--cases", file)["cases"]
    assert [one["result"]["value"] for one in made] == [
        fisher_power(risk, 38, 0.02, 36, alpha=0.1) for risk in (0.3, 0.3, 0.5)
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Which method?"),
        (("fishr",), 2, "There is no method 'fishr'; like it: fisher, fisher_midp, edish; --list"),
        (("--list", "zzz"), 2, "There is no method 'zzz'; --list names them all."),
        (("fisher", "n_arm=1"), 2, "fisher lacks N_arm (numbers), n_ref (numbers), N_ref (numbers); give them as"),
        (("fisher", "n_arm", "1"), 2, "'n_arm' is not name=value; a list is written without spaces"),
        (("fisher", "n_arm=1", "n_arm=2"), 2, "n_arm was given twice"),
        (("fisher", "n_arms=1"), 2, "fisher has no argument 'n_arms'; like it: n_arm. It takes n_arm, N_arm,"),
        (("fisher", "n_arm=1,x", "N_arm=3", "n_ref=1", "N_ref=3"), 2, "n_arm, value 2: 'x' is not a number"),
        (("fisher", "n_arm=1,,2", "N_arm=3", "n_ref=1", "N_ref=3"), 2, "n_arm, value 2: is empty"),
        (("fisher", "n_arm=١", "N_arm=3", "n_ref=1", "N_ref=3"), 2, "n_arm: '١' is not a number"),
        (("fisher", "n_arm=1_0", "N_arm=30", "n_ref=1", "N_ref=3"), 2, "n_arm: '1_0' is not a number"),
        (("fisher", "n_arm=4", "N_arm=3", "n_ref=1", "N_ref=3"), 1, "n_arm must be ≤ N_arm, got 4. Correct what"),
        (("fisher", "n_arm=1,2", "N_arm=3,3,3", "n_ref=1", "N_ref=3"), 1, "must have the same length"),
        (("upper_limit_for_zero", "N=3", "confidence_level=0.9,0.8"), 2, "confidence_level takes one number, got"),
        (("fisher_power", "risk_arm=.3", "N_arm=3.5", "risk_ref=0", "N_ref=3"), 2, "N_arm takes one whole number"),
        (("double_fdr_2004", "p=.1,.2", "body_system=Eye,"), 1, "p and body_system must both have shape"),
    ],
)  # fmt: skip
def test_what_is_typed_wrongly_is_refused_with_a_sentence(
    words: tuple[str, ...], code: int, said: str, capsys: Captured
) -> None:
    found, sentence = refused(capsys, *words)
    assert said in sentence and found == code
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("n_arm,N_arm,n_ref\n1,2,3\n", "fisher lacks N_ref (numbers); give it as a column of "),
        ("n_arm,N_arm,n_ref,N_ref\n1,2,1,2\n1,2,one,2\n", "n_ref, row 3 of "),
        ("n_arm,N_arm,n_ref,N_ref\n1,2,1,2\n\n1,2,,2\n", "n_ref, row 4 of "),
        ("n_arm,N_arm,n_ref,N_ref\n1,2,,2\n1,2,1,2\n", "is empty; give a number, nan for a missing one."),
        ("n_arm,N_arm,n_ref,N_ref\n1,2,1\n", "row 2: 3 cells under 4 names"),
        ("n_arm,N_arm,n_ref,N_ref,note\n1,2,1,2,x\n", "fisher has no argument for the column 'note'"),
        ("n_arm,N_arm,n_ref,n_arm\n1,2,1,2\n", "has two columns 'n_arm'"),
        ("n_arm,N_arm,n_ref,N_ref\n", "has no row under its names"),
        ("", "has no names in its first row"),
        ('n_arm,N_arm\n"1,2\n', "the quotes go wrong"),
        ("case,n_arm,N_arm,n_ref,N_ref\nA,1,2,1,2\nB,3,2,1,2\n", "case B: n_arm must be ≤ N_arm, got 3"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_row(
    content: str, said: str, capsys: Captured, tmp_path: Path
) -> None:
    code, sentence = refused(capsys, "fisher", "--cases", cases(tmp_path, content))
    assert code == 1 and said in sentence


def test_files_that_are_not_there_or_no_text_are_refused(capsys: Captured, tmp_path: Path) -> None:
    code, sentence = refused(capsys, "fisher", "--cases", str(tmp_path / "none.csv"))
    assert code == 1 and "cannot be read (No such file or directory); --cases names a CSV file." in sentence
    assert "cannot be read (Is a directory)" in refused(capsys, "fisher", "--cases", str(tmp_path))[1]
    (tmp_path / "bytes.csv").write_bytes(b"n_arm\n\xff\n")
    assert (
        "is not UTF-8 text (byte 7)" in refused(capsys, "fisher", "--cases", str(tmp_path / "bytes.csv"))[1]
    )
    words = (
        "fisher",
        "n_arm=1",
        "N_arm=3",
        "n_ref=1",
        "N_ref=3",
        "--json",
        str(tmp_path / "no" / "out.json"),
    )
    assert "cannot be written" in refused(capsys, *words)[1]


def test_options_of_a_file_are_one_for_a_call(capsys: Captured, tmp_path: Path) -> None:
    file = cases(tmp_path, "events,years,confidence_level\n3,10,0.9\n4,10,0.8\n")
    code, sentence = refused(capsys, "incidence_rate_exact", "--cases", file)
    assert (
        code == 1
        and "confidence_level, row 3 of" in sentence
        and "a column `case` parts the calls" in sentence
    )
    code, sentence = refused(capsys, "incidence_rate_exact", "years=3", "--cases", file)
    assert code == 1 and "years is a column of" in sentence and "take one of them away" in sentence
    file = cases(tmp_path, "case,events,years,confidence_level\n1,3,10,0.9\n2,4,10,0.8\n")
    made = calculated(capsys, "incidence_rate_exact", "--cases", file)["cases"]
    assert [one["result"]["confidence_level"] for one in made] == [0.9, 0.8]
    file = cases(tmp_path, "events,years,confidence_level\n3,10,much\n")
    assert "row 2 of" in refused(capsys, "incidence_rate_exact", "--cases", file)[1]


def test_the_list_names_every_method_with_its_arguments_and_page(capsys: Captured) -> None:
    assert run("--list") == 0
    told = capsys.readouterr().out
    for key, statistic in STATISTICS.items():
        assert f"\n{key}: {statistic.label}\n" in f"\n{told}" and f"docs/methods/{statistic.page}\n" in told
    assert run("--list", "double_fdr_2004") == 0
    told = capsys.readouterr().out
    assert "Mehrotra and Heyse's double false discovery rate." in told
    assert "    body_system        labels\n" in told
    assert "    alpha_body_system  number; 0.05 unless told\n" in told
    assert f"{' ' * 23}level of the first step, over body systems, in (0, 1)\n" in told
    assert "calculate double_fdr_2004 p=… body_system=…\n" in told
    assert run("double_fdr_2004", "--help") == 0 and capsys.readouterr().out == told
    assert launcher.main(["calculate", "--help"]) == 0
    usage = capsys.readouterr().out
    assert "usage: manage.py calculate" in usage and "what the arguments of METHOD mean" in usage


def test_it_starts_without_the_weight_of_the_rooms() -> None:
    """Half a second of processor time; with Django and all it would be several."""
    told = "import sys; from pvtracker.ops import launcher; launcher.main(['calculate', '--list']); "
    told += "sys.exit(' '.join({'django', 'celery', 'pyarrow', 'scipy.stats'} & sys.modules.keys()) or 0)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


NASTY = (
    "",
    "0",
    "-1",
    "1",
    "3",
    "1,2",
    "2,",
    "nan",
    "-inf",
    "0.5",
    "1e308",
    "9" * 40,
    "x",
    "=",
    "1;2",
    "\x00",
    "None",
)


@given(st.sampled_from(sorted(STATISTICS)), st.lists(st.sampled_from(NASTY), min_size=12, max_size=12))
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_typed_ends_in_a_traceback(key: str, typed: list[str]) -> None:
    names = arguments_of(STATISTICS[key])
    words = dict(zip(names, typed, strict=False)) | {
        name: texts(OPTIONS[name]) for name in CHEAP if name in names
    }
    assert run(key, *(f"{name}={text}" for name, text in words.items())) in (0, 1, 2)
