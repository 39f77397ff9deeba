"""policy explain names every clause with its line, and the change it names turns the answer."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from two_parties import VENDOR, Walk

from cleanroom.agreement import (
    ACTIONS,
    PURPOSES,
    Grounds,
    Request,
    describe_grounds,
    find_grounds,
    policy_names,
    policy_text,
    quote,
    read_when,
    stand_in,
    what_is_shown,
)
from cleanroom.cli.app import overlap
from overlap.errors import BadInput, UsageError
from tests.agreement_parties import ACCEPTED, make_file

CO_SELL = policy_text("co-sell").decode()
#: All pairs but open opportunities with open opportunities.
PAIRS = ["customers:customers", "open_opportunities:customers", "customers:open_opportunities"]
LINES = CO_SELL.splitlines()


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(overlap, ["policy", *map(str, words)])


def ask(text: str, when: str = "start", **parts: str | None) -> Grounds:
    signed = stand_in(text.encode())
    asked = {"party": "accepter", "action": "read", "field": "name", "population": "customers"}
    return find_grounds(signed, Request(**(asked | {"purpose": "co-sell"} | parts)), read_when(when, signed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "when", "clauses"),
    [
        ({}, "end", ["terms.until"]),
        ({}, "start - 1s", ["terms.not_before"]),
        ({"field": "revenue"}, "start", ["proposer.fields"]),
        ({"party": "proposer", "field": "revenue"}, "start", ["accepter.fields"]),
        ({"action": "grant", "population": "prospects"}, "start", ["accepter.populations"]),
        ({"action": "export"}, "start", ["terms.exportable"]),
        ({"purpose": "attribution", "field": "phone"}, "end", ["terms.until", "proposer.fields"]),
        ({"purpose": "joint-marketing", "field": "phone"}, "start", ["proposer.fields", "terms.purposes"]),
        ({"peer_population": "prospects"}, "start", ["accepter.populations"]),
        ({"action": "disclose", "party": "proposer"}, "start", ["terms.level"]),
        ({"party": "mallory", "field": None}, "end", ["default", "default"]),
        ({"action": "write"}, "start", ["default"]),
    ],
)  # fmt: skip
def test_every_clause_that_speaks_against_it_is_named(
    parts: dict[str, str | None], when: str, clauses: list[str]
) -> None:
    found = ask(CO_SELL, when, **parts)
    assert not found.decision.allowed
    assert [ground.clause for ground in found.grounds] == clauses
    assert found.decision.clause == clauses[0]


def test_an_allowed_request_names_every_clause_that_had_to_hold() -> None:
    found = ask(CO_SELL)
    assert found.decision.allowed
    assert [ground.clause for ground in found.grounds] == [
        "proposer.fields",
        "terms.level",
        "proposer.populations",
        "terms.purposes",
        "terms.not_before",
        "terms.until",
    ]
    match = ask(CO_SELL, action="match", field=None, purpose=None)
    assert [ground.clause for ground in match.grounds] == [
        "proposer.populations" if match.request.party == "proposer" else "accepter.populations",
        "terms.not_before",
        "terms.until",
    ]


@pytest.mark.parametrize("name", policy_names())
def test_a_quote_is_the_line_of_the_file_with_the_comment_above(name: str) -> None:
    lines = policy_text(name).decode().splitlines()
    for clause in ("proposer.populations", "terms.until", "terms.purposes", "accepter.size_bound"):
        place = quote(policy_text(name), clause)
        first = place.line - 1
        assert lines[first].startswith(clause.split(".")[1] + " = ")
        assert list(place.text) == lines[first : first + len(place.text)]
        above = first - len(place.comment)
        assert [line.removeprefix("#").strip() for line in lines[above:first]] == list(place.comment)
        assert not lines[above - 1].startswith("#")


def test_a_quote_finds_its_own_table_and_lists_over_several_lines() -> None:
    text = (
        b'[proposer]\nfields = [\n  "name", # one ]\n  "city",\n]\n'
        b'[accepter]\n# Why.\nfields = ["name"]\n[prepared]\n'
    )
    assert quote(text, "proposer.fields").text == ("fields = [", '  "name", # one ]', '  "city",', "]")
    assert (quote(text, "accepter.fields").line, quote(text, "accepter.fields").comment) == (8, ("Why.",))
    assert quote(text, "prepared").line == 9
    assert quote(text, "terms.level").line == 0


def apply(text: str, change: str) -> str:
    """The text after a change that is said in words; only the list changes and `exportable` need doing."""
    added = re.fullmatch(r'in \[(\w+)\], "(.+)" added to (\w+)', change)
    struck = re.fullmatch(r'in \[(\w+)\], "(.+)" struck from (\w+)', change)
    flag = re.fullmatch(r"in \[terms\], exportable = (true|false)", change)
    level = re.fullmatch(r'in \[terms\], level = "(\w+)"', change)
    if level:
        return re.sub(r"(?m)^level = .*$", f'level = "{level[1]}"', text)
    if flag:
        return re.sub(r"(?m)^exportable = .*$", f"exportable = {flag[1]}", text)
    found = added or struck
    assert found, change
    head, table, rest = text.partition(f"[{found[1]}]\n")
    items = re.search(rf"(?m)^{found[3]} = (\[.*\])$", rest)
    assert items
    listed = json.loads(items[1])
    listed = [*listed, found[2]] if added else [item for item in listed if item != found[2]]
    changed = head + table + rest[: items.start(1)] + json.dumps(listed) + rest[items.end(1) :]
    return changed if "asymmetry" in changed or found[1] == "terms" else changed + 'asymmetry = "why"\n'


@pytest.mark.parametrize("name", ["co-sell", "territory-planning"])
def test_the_changes_named_turn_the_answer_and_no_fewer_do(name: str) -> None:
    text = policy_text(name).decode()
    for action, field, population, purpose in itertools.product(
        ACTIONS, ("name", "revenue"), ("customers", "leads"), ("attribution", "joint-marketing")
    ):
        parts = (
            {"field": field, "purpose": purpose} if action != "match" else {"field": None, "purpose": None}
        )
        asked = {"action": action, "population": population} | parts
        found = ask(text, **asked)
        changes = [ground.change for ground in found.grounds if ground.change]
        changed = [text]
        for change in changes:
            changed.append(apply(changed[-1], change))
        answers = [ask(one, **asked).decision.allowed for one in changed]
        # The answer turns with the last of them, not before.
        assert answers == [found.decision.allowed] * len(changes) + [not found.decision.allowed]


def test_a_pair_is_named_with_the_line_that_lists_it() -> None:
    text = CO_SELL.replace("[terms]", f"[terms]\npairs = {json.dumps(PAIRS)}", 1)
    parts = {"population": "open_opportunities", "peer_population": "open_opportunities"}
    found = ask(text, **parts)
    (ground,) = found.grounds
    assert ground.clause == "terms.pairs" and ground.quote.text[0].startswith("pairs = ")
    assert ground.change == 'in [terms], "open_opportunities:open_opportunities" added to pairs'
    assert ask(apply(text, ground.change), **parts).decision.allowed
    good = ask(text, population="customers", peer_population="open_opportunities")
    assert "terms.pairs" in [ground.clause for ground in good.grounds]


def test_what_is_said_reads_as_it_stands() -> None:
    signed = stand_in(CO_SELL.encode())
    said = describe_grounds(signed, ask(CO_SELL, "end", field="revenue"))
    until = next(at for at, line in enumerate(LINES, start=1) if line.startswith("until"))
    assert said[:5] == [
        "DENIED: accepter asks to read field revenue, population customers, purpose co-sell, "
        "at 2026-04-01T00:00:00Z",
        "2 things speak against it, and each alone is enough:",
        "- terms.until: the agreement ended at 2026-04-01T00:00:00Z",
        f"    line {until - 1}: {LINES[until - 2]}",
        f'    line {until}: until = "90 days"',
    ]
    assert '- in [proposer], "revenue" added to fields' in said


def test_the_table_holds_what_is_shown_and_nothing_else() -> None:
    signed = stand_in(CO_SELL.encode())
    cells = what_is_shown(signed, signed.not_before)
    assert len(cells) == 2 * 2 * 6
    assert {cell.read for cell in cells} == {signed.agreement.terms.purposes}
    assert {cell.export for cell in cells} == {()}
    assert {cell.read for cell in what_is_shown(signed, signed.until)} == {()}
    assert what_is_shown(stand_in(policy_text("counts-only")), 0) == []


def test_the_command_explains_and_tables() -> None:
    asked = ("--party", "accepter", "--field", "owner", "--population", "customers", "--purpose", "co-sell")
    done = call("explain", "co-sell", *asked)
    assert done.exit_code == 0 and done.output.startswith("ALLOWED: accepter asks to read field owner")
    told = json.loads(call("explain", "co-sell", *asked, "--at", "end", "--json").output)
    assert told["decision"]["clause"] == "terms.until" and told["grounds"][0]["quote"]["line"] > 0
    table = call("explain", "co-sell", "--party", "proposer", "--population", "customers")
    rows = [line for line in table.output.splitlines() if line.startswith("proposer  ")]
    assert len(rows) == 6 and all(row.split()[-2:] == ["read", "read"] for row in rows)
    assert "denied" in call("explain", "co-sell", "--at", "end + 1 day").output
    cells = json.loads(call("explain", "territory-planning", "--json").output)["cells"]
    assert cells[0]["export"] == list(stand_in(policy_text("territory-planning")).agreement.terms.purposes)
    assert "no field of any account may be seen by anybody" in call("explain", "counts-only").output
    assert call("explain", "co-sell", "--field", "name").exit_code != 0
    assert set(PURPOSES) > {"co-sell"}


@pytest.mark.parametrize("when", ["tomorrow", "2026-13-01", "start + 1 month", "end +- 1s", ""])
def test_a_time_that_is_none_is_refused(when: str) -> None:
    with pytest.raises(UsageError):
        read_when(when, stand_in(CO_SELL.encode()))


def test_a_policy_that_ends_before_it_begins_says_so() -> None:
    ended = CO_SELL.replace('"acceptance"', "2026-01-01T00:00:00Z").replace(
        '"90 days"', "2026-02-01T00:00:00Z"
    )
    assert stand_in(ended.encode()).until == 1_769_904_000
    with pytest.raises(BadInput, match="end before it begins"):
        stand_in(ended.encode(), 1_769_904_000)


def test_a_signed_file_is_explained_with_its_names_and_dates(tmp_path: Path) -> None:
    place = tmp_path / "agreement.toml"
    place.write_bytes(make_file(CO_SELL))
    told = json.loads(
        call("explain", place, "--party", "contoso", "--field", "name", "--population", "customers",
             "--purpose", "co-sell", "--at", "start", "--json").output
    )  # fmt: skip
    assert told["decision"]["allowed"] and told["now"] == ACCEPTED
    assert "this is a policy" not in call("explain", place).output


def test_lint_and_diff_read_signed_files_too(tmp_path: Path) -> None:
    place = tmp_path / "agreement.toml"
    place.write_bytes(make_file(CO_SELL))
    said = call("lint", place)
    assert said.exit_code == 0 and "signature" not in said.output
    assert call("diff", place, place).output.startswith("nothing changes")


def test_an_agreement_is_found_by_the_beginning_of_its_id(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("agreed", tmp_path / "both")
    name = both.read_json(VENDOR, "agreement", "list")[0]["id"]
    asked = ("--party", VENDOR, "--field", "city", "--population", "customers", "--purpose", "attribution")
    said = both.run(VENDOR, "policy", "explain", name[:-4], *asked).out
    assert said.startswith(f"ALLOWED: {VENDOR} asks to read field city")
    both.run(VENDOR, "policy", "explain", "nobody-1234", code=4)
    assert both.run(VENDOR, "policy", "lint", name).out.startswith(name)
    assert "Overlap::Party" in both.run(VENDOR, "policy", "export", name, "--format", "cedar").out
