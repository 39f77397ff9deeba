"""Files of journeys: what is read, what is refused with which code, and the answer of the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cleanroom.attribution.models import IDS, read_paths
from cleanroom.cli.app import overlap
from cleanroom.cli.shell import OverlapGroup
from overlap.errors import BadInput, Refused, UsageError

HEADER = "path,total_conversions,total_conversion_value,total_null\n"
GOOD = HEADER + "A,3,30,1\nA > B,5,50,2\nB > C > A,4,80.25,4\nC,0,0,6\n"


def read(text: str) -> object:
    return read_paths(text.encode())


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A,-1,0,0", "negative-count"),
        ("A,1,0,-2", "negative-count"),
        ("A,1.5,0,0", "fractional-count"),
        ("A,1,0,0.25", "fractional-count"),
        ("A,one,0,0", "unreadable-number"),
        ("A,,0,0", "unreadable-number"),
        ("A,1,nan,0", "unreadable-number"),
        ("A,1,inf,0", "unreadable-number"),
        ('A,"1,000",0,0', "unreadable-number"),
        ("A,1,-3,0", "negative-value"),
        ("A,0,3,1", "value-without-conversion"),
        ("A,1e300,0,0", "huge-count"),
        ("A >  > B,1,0,0", "blank-step"),
        ("A > ,1,0,0", "blank-step"),
        (" > A,1,0,0", "blank-step"),
        ("A >,1,0,0", "blank-step"),
        (" > ,1,0,0", "blank-step"),
        ("A,1,0", "ragged-row"),
        ("A,B,1,0,0", "ragged-row"),
    ],
)
def test_a_bad_row_is_refused_with_its_code_and_place_and_without_its_cells(row: str, code: str) -> None:
    with pytest.raises(BadInput, match=rf"\({code}\)") as caught:
        read(GOOD + row + "\n")
    assert code == "ragged-row" or "row 6" in caught.value.what
    assert "one" not in caught.value.what.split() and ">" not in caught.value.what


def test_several_bad_rows_are_counted() -> None:
    with pytest.raises(BadInput, match="row 3 and 1 more: total_null is negative"):
        read(HEADER + "A,1,0,0\nB,1,0,-1\nC,1,0,-1\n")


@pytest.mark.parametrize("text", ["", "\n", HEADER, "path,total_null\nA,1\n", "way,total_conversions\nA,1\n",
                                  "path,path,total_conversions\nA,B,1\n"])  # fmt: skip
def test_a_file_without_what_is_needed_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read(text)


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        read_paths(HEADER.encode() + "Müller,1,0,0\n".encode("latin-1"))


@pytest.mark.parametrize("sign", [";", "\t"])
def test_semicolon_and_tab_part_cells_and_a_mark_of_utf_8_is_no_name(sign: str) -> None:
    found = read_paths(b"\xef\xbb\xbf" + GOOD.replace(",", sign).encode())
    assert found.journeys.digest == read_paths(GOOD.encode()).journeys.digest


def test_columns_may_stand_in_any_order_with_others_which_are_noted() -> None:
    text = "who,total_null,path,total_conversions\nx,2,A > B,1\n"
    found = read_paths(text.encode())
    assert found.journeys.partners == ("A", "B")
    assert found.notes == ("1 other column left alone", "no column total_conversion_value: taken as 0")


def test_repeated_paths_and_spaces_around_steps_are_one_journey() -> None:
    found = read_paths((HEADER + 'A > B,1,10,0\n A  >  B ,2,5,3\n"A > B",1,0,0\n').encode()).journeys
    assert list(found.conversions) == [4]
    assert (list(found.values), list(found.nulls)) == ([15], [3])


def test_rows_without_a_partner_are_credited_to_nobody_and_noted() -> None:
    found = read_paths((GOOD + ",7,70,2\n  ,1,0,0\n").encode())
    assert found.journeys.pathless == (8, 70.0, 2)
    assert found.journeys.digest == read_paths(GOOD.encode()).journeys.digest
    assert found.notes == ("rows without a partner (empty-path): 8 conversions, 2 lost; credited to nobody",)


def test_a_sign_without_spaces_is_part_of_a_name_and_noted() -> None:
    found = read_paths((HEADER + "A>B,1,0,0\n").encode())
    assert found.journeys.partners == ("A>B",)
    assert "1 paths have a '>'" in found.notes[0]


def test_counts_written_as_decimals_are_whole_numbers() -> None:
    assert list(read_paths((HEADER + "A,2.0,1e1,3.00\n").encode()).journeys.conversions) == [2]


# -- the command -------------------------------------------------------------------------------------------


def run(tmp_path: Path, text: str, *words: str) -> Result:
    place = tmp_path / "paths.csv"
    place.write_bytes(text.encode())
    runner = CliRunner()
    return runner.invoke(overlap, ["models", str(place), *words], standalone_mode=False)


def test_the_command_answers_formula_partner_and_four_numbers(tmp_path: Path) -> None:
    done = run(tmp_path, GOOD, "--json")
    answer = json.loads(done.stdout)
    assert tuple(answer) == IDS
    for partners in answer.values():
        assert list(partners) == ["A", "B", "C"]
        assert all(list(each) == ["conversions", "value", "low", "high"] for each in partners.values())
    assert (answer["last"]["A"]["conversions"], answer["last"]["A"]["value"]) == (7.0, 110.25)
    assert 2 <= answer["last"]["A"]["low"] <= 4 and 10 <= answer["last"]["A"]["high"] <= 12
    for formula in set(IDS) - {"participation"}:
        assert sum(each["conversions"] for each in answer[formula].values()) == pytest.approx(12)


def test_only_the_formulas_asked_for(tmp_path: Path) -> None:
    answer = json.loads(run(tmp_path, GOOD, "--formula", "markov:2", "--formula", "first", "--json").stdout)
    assert list(answer) == ["first", "markov:2"]


def test_no_null_leaves_lost_journeys_out(tmp_path: Path) -> None:
    whole = json.loads(run(tmp_path, GOOD, "--formula", "markov:1", "--json").stdout)
    part = json.loads(run(tmp_path, GOOD, "--formula", "markov:1", "--no-null", "--json").stdout)
    lost = HEADER + "A,3,30,0\nA > B,5,50,0\nB > C > A,4,80.25,0\n"
    assert part == json.loads(run(tmp_path, lost, "--formula", "markov:1", "--json").stdout)
    assert part != whole


def test_the_table_prints_every_partner_and_sentence(tmp_path: Path) -> None:
    rule = tmp_path / "rule.csv"
    rule.write_text("partner,credit\nA,90\nB,10\n")
    text = run(tmp_path, GOOD, "--rule", str(rule)).stdout
    assert "They check rules and never pay" in text
    assert "A: any of 8 reasonable models gives" in text and "the rule gives 90 % (outside)" in text


@pytest.mark.parametrize("rule", ["partner,credit\nA,x\n", "who,credit\nA,1\n", "partner,credit\nA,-1\n"])
def test_a_rule_that_cannot_be_read_is_refused(tmp_path: Path, rule: str) -> None:
    place = tmp_path / "rule.csv"
    place.write_text(rule)
    assert isinstance(run(tmp_path, GOOD, "--rule", str(place)).exception, BadInput)


def test_what_is_asked_for_by_name_and_too_large_fails_the_command(tmp_path: Path) -> None:
    text = HEADER + "".join(f"p{at:02},1,0,1\n" for at in range(25))
    assert isinstance(run(tmp_path, text, "--formula", "shapley:rate", "--json").exception, Refused)
    done = run(tmp_path, text, "--json")
    assert "shapley:rate" not in json.loads(done.stdout)
    assert "note: shapley:rate left out: " in done.stderr


def test_names_that_are_no_formula_fail_the_command(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path, GOOD, "--formula", "u").exception, UsageError)
    assert isinstance(run(tmp_path, GOOD, "--formula", "time-decay").exception, Refused)
    assert isinstance(overlap, OverlapGroup)
