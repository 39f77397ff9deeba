"""From a party's folder to the files of the plain commands, and into every one of these commands."""

from __future__ import annotations

import csv
import json
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
from made_deals import Made, make_deals
from two_parties import PARTNER, VENDOR, TwoParties, Walk, write_csv

from cleanroom.attribution import models, statistics
from cleanroom.session.attribution.rule_files import default_rules

OPPORTUNITY = ["id", "account_id", "stage", "status", "amount", "currency", "created", "close date", "type"]
ACTION = ["id", "opportunity_id", "account_id", "partner", "type", "date", "logged", "proof", "owner"]


@pytest.fixture
def party(walk: Walk, tmp_path: Path) -> TwoParties:
    return walk.at("met", tmp_path / "both")


def take(party: TwoParties, what: str, header: list[str], rows: list[list[str]]) -> None:
    party.run(VENDOR, "import", write_csv(party.root / f"{what}.csv", header, rows), "--as", what)


def deal(name: str, status: str = "won", closed: str = "2026-07-31", **change: str) -> list[str]:
    row = {
        "id": name, "account_id": f"A-{name}", "stage": "Proposal", "status": status, "amount": "100",
        "currency": "EUR", "created": "2026-05-01", "close date": "" if status == "open" else closed,
        "type": "new",
    } | change  # fmt: skip
    return [row[column] for column in OPPORTUNITY]


def act(name: str, deal: str, partner: str, date: str, kind: str = "demo", **change: str) -> list[str]:
    row = {
        "id": name, "opportunity_id": deal, "account_id": "", "partner": partner, "type": kind, "date": date,
        "logged": date, "proof": "mail", "owner": "jo",
    } | change  # fmt: skip
    return [row[column] for column in ACTION]


def read(place: Path) -> list[dict[str, str]]:
    with place.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def follow(party: TwoParties, commands: list[str], code: int | None = 0) -> dict[str, str]:
    """Every command as it was printed, and what it says."""
    told = {}
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "overlap"
        told[words[0]] = party.run(VENDOR, *words, code=code).out
    return told


def import_market(party: TwoParties, made: Made) -> None:
    """A made market as a CRM would export it: an account a deal, an action at every attachment."""
    accounts = [[f"A-{row['deal_id']}", f"Company {row['deal_id']}", row["segment"]] for row in made.deals]
    path = write_csv(party.root / "market.csv", ["id", "name", "industry"], accounts)
    party.run(VENDOR, "import", path)
    take(
        party, "opportunities", OPPORTUNITY,
        [
            deal(row["deal_id"], row["outcome"] or "open", row["closed"], amount=row["amount"],
                 created=row["created"])
            for row in made.deals
        ],
    )  # fmt: skip
    stages = [[row["deal_id"], row["stage"], row["entered"]] for row in made.stages]
    take(party, "stages", ["opportunity_id", "stage", "entered"], stages)
    attached = [row for row in made.deals if row["partner_id"]]
    take(
        party, "actions", ACTION,
        [act(f"a{row['deal_id']}", row["deal_id"], row["partner_id"], row["attached"]) for row in attached],
    )  # fmt: skip


def test_a_market_comes_back_as_it_was_and_every_command_takes_it(party: TwoParties, tmp_path: Path) -> None:
    made = make_deals(7, 600, 1.35)
    import_market(party, made)
    out = tmp_path / "plain files"
    told = party.read_json(VENDOR, "credit", "export", out)
    assert (told["currency"], told["segment"]) == ("EUR", "industry")
    assert {file["name"]: file["left_out"] for file in told["files"]}["deals.csv"] == {}

    # The statistics see the very market that was made: every column, every attachment, every stay in a stage.
    columns = (read(out / "deals.csv"), read(out / "stages.csv"))
    today = 20_779.0
    came, was = (
        statistics.gather_deals(*columns, today),
        statistics.gather_deals(made.deals, made.stages, today),
    )
    assert came.digest == was.digest and came.undated == 0 and len(came.ids) == 600

    # Journeys add up: every closed deal with an action is one, with its money.
    with_action = [row for row in made.deals if row["partner_id"] and row["outcome"]]
    won = [row for row in with_action if row["outcome"] == "won"]
    paths = models.read_paths((out / "paths.csv").read_bytes()).journeys
    assert (told["won"], told["lost"]) == (len(won), len(with_action) - len(won))
    assert int(paths.conversions.sum()) == len(won)
    assert int(paths.nulls.sum()) == len(with_action) - len(won)
    money = sum(Fraction(row["total_conversion_value"]) for row in read(out / "paths.csv"))
    assert money == sum(Fraction(row["amount"]) for row in won)

    # What the rules credit is the won deals with an earning status, each once.
    rows = party.read_json(VENDOR, "credit")
    earned = {
        row["opportunity"] for row in rows if row["status"] in ("Sourced", "Influenced", "Assisted Close")
    }
    rule = {row["partner"]: Fraction(row["credit"]) for row in read(out / "rule.csv")}
    nobody = rule.pop("(nobody)")
    assert sum(rule.values()) + nobody == len(won)
    assert sum(rule.values()) == len(earned & {row["deal_id"] for row in won}) == Fraction(told["credited"])

    # And what is printed can be typed; a market so small may be refused by 'lift', which says why.
    lift, *others = sorted(told["commands"], key=lambda one: not one.startswith("overlap lift"))
    assert party.run(VENDOR, *shlex.split(lift)[1:], code=None).code in (0, 3)
    said = follow(party, others)
    assert set(said) == {"models", "rates", "forecast", "partners-report"}
    assert "the rule gives" in said["models"]


def test_two_exports_of_one_folder_are_the_same_bytes(party: TwoParties, tmp_path: Path) -> None:
    import_market(party, make_deals(3, 60))
    for place in ("one", "two"):
        party.run(VENDOR, "credit", "export", tmp_path / place)
    files = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert files == [
        "actions.csv",
        "deals.csv",
        "paths.csv",
        "regions.csv",
        "rule.csv",
        "stages.csv",
        "statuses.csv",
    ]
    assert all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files
    )


def test_names_that_would_break_a_path_and_formulas_come_through(party: TwoParties, tmp_path: Path) -> None:
    take(
        party,
        "opportunities",
        OPPORTUNITY,
        [deal("=1+1"), deal("+49"), deal("-7", "lost"), deal("@d", "open")],
    )
    take(
        party, "actions", ACTION,
        [
            act("a1", "=1+1", "Up > Down", "2026-05-03"),
            act("a2", "=1+1", "up>down", "2026-05-04"),
            act("a3", "+49", "> ", "2026-05-05"),
            act("a4", "-7", "=cmd()", "2026-05-06"),
            act("a5", "@d", 'comma, "quote"', "2026-05-07"),
            act("a6", "+49", "  ", "2026-05-08"),
        ],
    )  # fmt: skip
    out = tmp_path / "out"
    told = party.read_json(VENDOR, "credit", "export", out)
    said = follow(party, told["commands"], None)
    journeys = models.read_paths((out / "paths.csv").read_bytes()).journeys
    # Four partners, and not one step more; the one without a name has no action that could be used.
    assert len(journeys.partners) == 4 and "=cmd()" in journeys.partners
    assert {row["partner"] for row in read(out / "rule.csv")} - {"(nobody)"} <= set(journeys.partners)
    assert {row["deal_id"] for row in read(out / "deals.csv")} == {"=1+1", "+49", "-7", "@d"}
    assert 'comma, "quote"' in said["partners-report"] and "=cmd()" in said["models"]
    left = {file["name"]: file["left_out"] for file in told["files"]}
    assert left["actions.csv"] == {"unusable": 1} and left["paths.csv"] == {"open": 1}
    assert any("as a formula does" in note for note in told["notes"])
    assert any("hold '>'" in note for note in told["notes"])


def test_money_is_of_one_currency(party: TwoParties, tmp_path: Path) -> None:
    take(
        party, "opportunities", OPPORTUNITY,
        [deal("D1"), deal("D2", currency="USD"), deal("D3", currency=""), deal("D4", amount="")],
    )  # fmt: skip
    take(party, "actions", ACTION, [act(f"a{n}", f"D{n}", "contoso", "2026-05-03") for n in (1, 2, 3, 4)])
    said = party.run(VENDOR, "credit", "export", tmp_path / "out", code=3).err
    assert "EUR, USD" in said and not (tmp_path / "out").exists()
    assert "EUR, USD" in party.run(VENDOR, "credit", "check", code=3).err
    assert (
        "the deals are in EUR, USD" in party.run(VENDOR, "credit", "check", "--currency", "GBP", code=3).err
    )
    told = party.read_json(VENDOR, "credit", "export", tmp_path / "out", "--currency", "EUR")
    left = {file["name"]: file["left_out"] for file in told["files"]}
    # A deal without an amount has no wrong currency: its journey counts, and its money is nothing.
    assert left["paths.csv"] == {"no-currency": 1, "other-currency": 1}
    assert left["deals.csv"] == {"no-currency": 1, "other-currency": 1, "no-amount": 1}
    assert read(tmp_path / "out" / "paths.csv") == [
        {"path": "contoso", "total_conversions": "2", "total_conversion_value": "100", "total_null": "0"}
    ]


def test_without_deals_or_actions_it_says_so(party: TwoParties, tmp_path: Path) -> None:
    for words in (("export", tmp_path / "out"), ("check",)):
        assert "no opportunities" in party.run(PARTNER, "credit", *words, code=2).err
    assert not (tmp_path / "out").exists()
    take(party, "opportunities", OPPORTUNITY, [deal("D1"), deal("D2", "open")])
    told = party.read_json(VENDOR, "credit", "export", tmp_path / "out")
    assert {file["name"]: file["left_out"] for file in told["files"]}["paths.csv"] == {
        "no-action": 1,
        "open": 1,
    }
    assert [shlex.split(one)[1] for one in told["commands"]] == [
        "lift",
        "rates",
        "forecast",
        "partners-report",
    ]
    said = party.run(VENDOR, "credit", "check").out
    assert "nothing to compare" in said and "0 touched-uncredited" in said


def test_rules_are_laid_beside_models_and_facts(party: TwoParties) -> None:
    import_market(party, make_deals(7, 600, 1.35))
    told = party.read_json(VENDOR, "credit", "check")
    partners = {one["partner"]: one for one in told["partners"]}
    assert sum(one["deals"] for one in told["partners"]) == pytest.approx(told["won"])
    assert told["won"] - partners["(nobody)"]["deals"] == pytest.approx(told["credited"])
    # One action a deal: every model gives a partner its deals, and so do the rules where they credit them.
    for one in told["partners"]:
        assert one["deals_least"] == one["deals_most"] == one["deals_first"] == one["deals_last"]
        assert one["outside"] == (one["deals"] != one["deals_least"])
    assert sum(one["outside"] for one in told["partners"]) == 4
    (demo,) = told["motions"]
    assert demo["type"] == "demo" and demo["created"]["of"] == 0
    assert (
        demo["won"]["count"] == told["won"]
        and demo["won"]["low"] < demo["won"]["share"] < demo["won"]["high"]
    )
    said = party.run(VENDOR, "credit", "check").out
    assert all(sentence in said for sentence in told["limits"]) and "need not be a cause" in said
    assert "should pay" not in said
    assert told["edges"][0]["code"] == "touched-uncredited"
    assert json.dumps(told)


def test_segments_and_regions_come_from_the_accounts(party: TwoParties, tmp_path: Path) -> None:
    accounts = [
        ["A-D1", "One", "Retail", "Germany"],
        ["A-D2", "Two", "", "DE"],
        ["A-D3", "Three", "", "Nowhereland"],
    ]
    header = ["id", "name", "industry", "country"]
    party.run(VENDOR, "import", write_csv(party.root / "more.csv", header, accounts))
    take(party, "opportunities", OPPORTUNITY, [deal(f"D{n}", type=f"t{n}") for n in (1, 2, 3, 4)])

    def exported(*words: str) -> tuple[str, list[str]]:
        told = party.read_json(VENDOR, "credit", "export", tmp_path / "out", *words)
        return told["segment"], [row["segment"] for row in read(tmp_path / "out" / "deals.csv")]

    assert exported() == ("industry", ["Retail", "", "", ""])
    assert exported("--segment", "type") == ("type", ["t1", "t2", "t3", "t4"])
    assert exported("--segment", "country") == ("country", ["Germany", "DE", "Nowhereland", ""])
    assert exported("--segment", "population")[1] == ["customers"] * 3 + [""]
    regions = {row["deal_id"]: row["region"] for row in read(tmp_path / "out" / "regions.csv")}
    # One country is one region however it is written; what is no country stays as it stands.
    assert regions == {"D1": "DE", "D2": "DE", "D3": "Nowhereland"}


def test_an_export_replaces_the_one_before_it(party: TwoParties, tmp_path: Path) -> None:
    take(party, "opportunities", OPPORTUNITY, [deal("D1"), deal("D2")])
    take(party, "actions", ACTION, [act("a1", "D1", "contoso", "2026-07-03")])
    party.run(VENDOR, "credit", "export", tmp_path / "out")
    assert len(read(tmp_path / "out" / "deals.csv")) == 2
    take(party, "opportunities", OPPORTUNITY, [deal("D3")])
    party.run(VENDOR, "credit", "export", tmp_path / "out")
    assert [row["deal_id"] for row in read(tmp_path / "out" / "deals.csv")] == ["D3"]
    assert read(tmp_path / "out" / "paths.csv") == read(tmp_path / "out" / "rule.csv") == []


def test_other_rules_are_tried_without_being_kept(party: TwoParties, tmp_path: Path) -> None:
    take(party, "opportunities", OPPORTUNITY, [deal("D1")])
    take(party, "actions", ACTION, [act("a1", "D1", "contoso", "2026-07-03", proof="")])
    rules = tmp_path / "rules.toml"
    given = default_rules().replace(b'demo = { class = "advance", days = 60, requires = ["proof"]',
                                    b'demo = { class = "advance", days = 60, requires = []')  # fmt: skip
    rules.write_bytes(given)
    assert party.read_json(VENDOR, "credit", "check")["credited"] == 0
    assert party.read_json(VENDOR, "credit", "check", "--rules", rules)["credited"] == 1
    told = party.read_json(VENDOR, "credit", "check")
    (edge,) = [one for one in told["edges"] if one["count"]]
    assert (edge["code"], edge["count"]) == ("one-field", 1)
    assert "lacks its proof; would be Influenced if demo a1 had its proof" in edge["deals"][0]["says"]
