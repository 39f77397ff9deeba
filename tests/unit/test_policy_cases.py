"""policy test: cases are read strictly, ask every combination, and say what was decided instead."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cleanroom.agreement import (
    ACTIONS,
    CASES_ENDING,
    FIELDS,
    PURPOSES,
    cases_text,
    policy_names,
    policy_text,
    read_cases,
    run_cases,
    stand_in,
)
from cleanroom.cli.app import overlap
from overlap.errors import BadInput
from tests.agreement_parties import ACCEPTED, DAY, make_file, make_text

ROOT = Path(__file__).resolve().parents[2]
CO_SELL = policy_text("co-sell").decode()
#: All pairs but open opportunities with open opportunities.
PAIRS = ["customers:customers", "open_opportunities:customers", "customers:open_opportunities"]
PARTS = ("party", "action", "field", "population", "purpose", "when")
#: The stated acceptance of a policy without dates.
BEGIN = 1_767_225_600

READ = """\
format = "overlap-policy-cases/1"

[[case]]
name = "read"
party = "accepter"
action = "read"
field = "name"
population = "customers"
purpose = "co-sell"
when = "start"
expect = "allow"
"""


def with_key(key: str, value: str) -> str:
    """READ with one key replaced, or added."""
    lines = [line for line in READ.splitlines() if not line.startswith(f"{key} =")]
    return "\n".join([*lines, f"{key} = {value}", ""])


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(overlap, ["policy", *map(str, words)])


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy of one's own, in an empty folder."""
    place = tmp_path / "mine.toml"
    place.write_text(CO_SELL)
    return place


@pytest.mark.parametrize("name", policy_names())
def test_the_shipped_policies_answer_as_their_cases_expect(name: str) -> None:
    cases = read_cases(cases_text(name))
    outcomes = run_cases(stand_in(policy_text(name), cases.accepted), cases.cases)
    assert [str(asked) for outcome in outcomes for asked in outcome.wrong] == []
    assert {outcome.case.allowed for outcome in outcomes} == {True, False}


@pytest.mark.parametrize("name", policy_names())
def test_the_shipped_cases_notice_every_change_that_shows_more(name: str) -> None:
    """Each wider line of a policy makes a case fail: cases that nothing breaks would test nothing."""
    text = policy_text(name).decode()
    wider = [
        ('populations = ["customers", "open_opportunities"]', 'populations = ["customers", "prospects"]'),
        ('populations = ["customers"]', 'populations = ["customers", "prospects"]'),
        ("exportable = false", "exportable = true"),
        ('until = "90 days"', 'until = "91 days"'),
        ('until = "30 days"', 'until = "31 days"'),
        ('until = "180 days"', 'until = "181 days"'),
        ('purposes = ["', 'purposes = ["joint-marketing", "'),
        ('fields = ["name"', 'fields = ["revenue", "name"'),
    ]
    cases, tried = read_cases(cases_text(name)), 0
    for old, new in wider:
        # Where no field is shown, a further purpose shows nothing, and nothing can be exported.
        if old not in text or ("fields = " not in text and old.startswith(("exportable", "purposes"))):
            continue
        signed = stand_in(text.replace(old, new).encode(), cases.accepted)
        assert any(run_cases(signed, [case])[0].wrong for case in cases.cases), new
        tried += 1
    assert tried >= 2


def test_every_policy_has_cases_and_they_are_no_policies() -> None:
    cases = {path.name for path in (ROOT / "policies").glob(f"*{CASES_ENDING}")}
    assert cases == {name + CASES_ENDING for name in policy_names()}


def test_lists_ask_every_combination() -> None:
    text = READ.replace('"name"\n', '["name", "owner"]\n').replace(
        '"customers"', '["customers", "prospects"]'
    )
    case = read_cases(text.encode()).cases[0]
    (outcome,) = run_cases(stand_in(CO_SELL.encode()), [case])
    assert outcome.requests == 4
    assert {(asked.request.field, asked.request.population) for asked in outcome.wrong} == {
        ("name", "prospects"),
        ("owner", "prospects"),
    }
    assert {asked.decision.clause for asked in outcome.wrong} == {"proposer.populations"}


def test_every_means_all_there_is_and_one_that_is_not() -> None:
    text = "\n".join(
        f'{line.split(" = ")[0]} = "every"' if line.split(" = ")[0] in PARTS else line
        for line in READ.splitlines()
    )
    (outcome,) = run_cases(stand_in(CO_SELL.encode()), read_cases(text.encode()).cases)
    # Three parties, four populations and seven moments; a match takes neither field nor purpose.
    with_parts = (len(ACTIONS) - 1) * 3 * 4 * 7 * len(FIELDS) * len(PURPOSES)
    assert outcome.requests == with_parts + 3 * 4 * 7
    assert 0 < len(outcome.wrong) < outcome.requests


def test_a_pair_and_a_disclosure_can_be_asked_about() -> None:
    paired = CO_SELL.replace("[terms]", f"[terms]\npairs = {json.dumps(PAIRS)}", 1)
    signed = stand_in(paired.encode())
    for own, peer, allowed in (
        ("customers", "open_opportunities", True),
        ("open_opportunities", "open_opportunities", False),
    ):
        text = with_key("peer_population", f'"{peer}"').replace('"customers"\n', f'"{own}"\n', 1)
        (outcome,) = run_cases(signed, read_cases(text.encode()).cases)
        assert [asked.decision.clause for asked in outcome.wrong] == [] if allowed else ["terms.pairs"]
    disclose = with_key("action", '"disclose"')
    (outcome,) = run_cases(signed, read_cases(disclose.encode()).cases)
    assert outcome.wrong[0].decision.clause == "terms.level"
    every = stand_in(CO_SELL.replace('level = "overlaps"', 'level = "all"').encode())
    (outcome,) = run_cases(every, read_cases(disclose.replace("accepter", "proposer").encode()).cases)
    assert outcome.wrong == ()
    with pytest.raises(BadInput, match="is not matched with anything"):
        read_cases((disclose + 'peer_population = "customers"\n').encode())


def test_a_preset_that_was_not_looked_up_is_no_empty_list() -> None:
    unknown = CO_SELL.replace(
        'fields = ["name", "website", "country", "owner", "owner_email", "population"]',
        'preset = "unheard-of"',
    )
    with pytest.raises(BadInput, match="names a preset, and its fields are not known"):
        stand_in(unknown.encode())


@pytest.mark.parametrize(
    ("when", "allowed"),
    [
        ('"start - 1s"', False),
        ('"start"', True),
        ('"end - 1 second"', True),
        ('"end"', False),
        ('"start + 90 days"', False),
        ('"start + 12 weeks"', True),
        ('"2026-03-31"', True),
        ("2026-03-31T23:59:59Z", True),
        ("2026-04-01T00:00:00Z", False),
        ('["start", "end - 1 minute"]', True),
    ],
)
def test_times_are_dates_or_distances(when: str, allowed: bool) -> None:
    cases = read_cases(with_key("when", when).encode())
    (outcome,) = run_cases(stand_in(CO_SELL.encode(), cases.accepted), cases.cases)
    assert (not outcome.wrong) is allowed


def test_a_stated_acceptance_moves_the_period() -> None:
    cases = read_cases(READ.replace("\n\n", "\naccepted = 2026-06-01T00:00:00Z\n", 1).encode())
    assert cases.accepted == 1_780_272_000
    signed = stand_in(CO_SELL.encode(), cases.accepted)
    assert (signed.not_before, signed.until) == (1_780_272_000, 1_780_272_000 + 90 * DAY)
    assert stand_in(CO_SELL.encode()).not_before == BEGIN


def test_a_signed_agreement_keeps_its_dates_and_names() -> None:
    signed = stand_in(make_file(CO_SELL), accepted=1)
    assert (signed.not_before, signed.until) == (ACCEPTED, ACCEPTED + 90 * DAY)
    (outcome,) = run_cases(signed, read_cases(with_key("party", '"contoso"').encode()).cases)
    assert outcome.wrong == ()
    assert stand_in(make_text(CO_SELL)).agreement.proposer.party == "northwind"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("feild", '"name"', "unknown key 'feild'"),
        ("field", '"onwer"', "none of name, website"),
        ("purpose", '"marketing"', "none of account-mapping"),
        ("action", '"write"', "none of match"),
        ("population", '"Customers"', "no word of a-z"),
        ("expect", '"yes"', "does not expect 'allow' or 'deny'"),
        ("expect", "true", "does not expect"),
        ("name", '""', "has no name"),
        ("when", "[]", "does not say 'when'"),
        ("when", "2026-03-31T23:59:59+01:00", "'when' is not understood"),
        ("when", '"tomorrow"', "'when' is not understood"),
        ("party", '"acepter"', "a party that is not in the policy"),
        ("party", "7", "something else than words"),
        ("field", '["every", "name"]', "'every' and more"),
        ("action", '"match"', "says 'field', which none of its actions takes"),
        ("clause", "1", "clause that is not a text"),
    ],
)
def test_a_case_that_would_test_nothing_is_refused(key: str, value: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        run_cases(stand_in(CO_SELL.encode()), read_cases(with_key(key, value).encode()).cases)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'format = "overlap-policy-cases/1"\n',
        'format = "overlap-policy-cases/2"\n' + READ.split("\n", 1)[1],
        READ.replace("[[case]]", "[case]"),
        READ + "also = 1\n[extra]\n",
        READ.replace('purpose = "co-sell"\n', ""),
        READ + "name = 1\n",
    ],
)
def test_a_file_that_is_no_file_of_cases_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="the file of cases has"):
        read_cases(text.encode())


def test_the_sample_in_the_error_is_correct() -> None:
    with pytest.raises(BadInput) as caught:
        read_cases(b"")
    assert read_cases(caught.value.hint.split("\n\n", 1)[1].encode()).cases


def test_the_command_finds_the_cases_beside_the_policy(policy: Path) -> None:
    missing = call("test", policy)
    assert missing.exit_code != 0
    policy.with_name("mine.cases.toml").write_text(READ)
    done = call("test", policy)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{policy}: 1 of 1 cases passed, 0 failed; 1 question asked (")
    assert call("test", "co-sell").exit_code == 0


def test_a_failing_case_names_the_question_and_the_clause(policy: Path, tmp_path: Path) -> None:
    cases = tmp_path / "strict.toml"
    cases.write_text(with_key("expect", '"deny"'))
    done = call("test", policy, cases)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        f"FAILED: read ({cases}, line 3)",
        "    expected: deny; decided otherwise in 1 of 1 questions:",
        "    accepter asks to read name of customers for co-sell, at 2026-01-01T00:00:00Z (start): "
        "allowed by proposer.fields: the field is shown for this purpose until 2026-04-01T00:00:00Z",
        f"{policy}: 0 of 1 cases passed, 1 failed; 1 question asked ({cases})",
    ]


def test_the_right_answer_by_another_clause_fails(policy: Path, tmp_path: Path) -> None:
    cases = tmp_path / "c.toml"
    cases.write_text(with_key("clause", '"terms.exportable"'))
    done = call("test", policy, cases)
    assert done.exit_code == 1 and "expected: allow by terms.exportable" in done.output


def test_results_for_programs(policy: Path, tmp_path: Path) -> None:
    good, bad, junit = tmp_path / "good.toml", tmp_path / "bad <&>.toml", tmp_path / "out" / "junit.xml"
    good.write_text(READ)
    bad.write_text(READ.replace('"read"\nparty', '"a <name> & more"\nparty').replace('"allow"', '"deny"'))
    done = call("test", policy, good, bad, "--json", "--junit", junit)
    assert done.exit_code == 1
    first, second = json.loads(done.output)
    assert (first["not_before"], first["results"][0]["passed"]) == (BEGIN, True)
    assert second["results"][0]["wrong"][0]["clause"] == "proposer.fields"
    suites = ET.parse(junit).getroot().findall("testsuite")
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [("1", "0"), ("1", "1")]
    failed = suites[1].find("testcase")
    assert failed is not None and failed.get("name") == "a <name> & more"
    assert "allowed by proposer.fields" in (failed.findtext("failure") or "")


def test_a_case_asks_no_more_than_a_person_can_wait_for(policy: Path, tmp_path: Path) -> None:
    cases = tmp_path / "c.toml"
    moments = ", ".join(f'"start + {at}s"' for at in range(200))
    text = READ.replace('"start"', f"[{moments}]")
    for key in ("party", "action", "field", "population", "purpose"):
        line = next(line for line in text.splitlines() if line.startswith(f"{key} ="))
        text = text.replace(line, f'{key} = "every"')
    cases.write_text(text)
    with pytest.raises(BadInput, match="more than 1,000,000 questions"):
        run_cases(stand_in(CO_SELL.encode()), read_cases(text.encode()).cases)
