"""Being paid twice, an edited ledger, what a statement tells: money attacked by the commands alone.

The plan: 10 % of what is sourced, 5 % of what is influenced, 50 for a demo, whole cents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import PASSPHRASE, PROOF, SHARES, Desk, Programme, day, key, plan_text, set_passphrases

from cleanroom.attribution import ledger, payouts
from cleanroom.attribution.payouts.deals import Deals
from cleanroom.moment import iso_day
from cleanroom.session.attribution.money_seal import put_seal
from cleanroom.session.attribution.rule_files import default_rules
from cleanroom.session.folder import Folder
from cleanroom.session.party import open_party
from overlap import canonical
from overlap.keys import PartyKeys

pytestmark = pytest.mark.usefixtures("quick_passphrase")

PLAN = plan_text(
    SHARES
    + """
[[rule]]
id = "demo"
type = "spiff"
kinds = ["action:demo"]
amount = "50"
""",
    override=True,
)
DEALS = [
    "D1,A1,Closed Won,1000.00,2026-02-01,2026-03-10,New Business",
    "D2,A2,Closed Won,300.00,2026-02-01,2026-03-20,",
]
ACTIONS = [
    f"a1,D1,A1,contoso,introduction,2026-01-20,2026-01-20,{PROOF},jo",
    f"a2,D2,A2,contoso,demo,2026-03-01,2026-03-01,{PROOF},jo",
]


class House(Programme):
    """A programme whose files somebody else writes, too."""

    @property
    def ledger(self) -> Path:
        return self.root / "party" / "money" / "ledger"

    def entries(self) -> list[ledger.Entry]:
        return ledger.read_ledger(self.ledger.read_bytes())

    def booked(self) -> dict[str, int]:
        """Minor units of all lines by partner."""
        found: dict[str, int] = {}
        for entry in self.entries():
            for line in entry.body["lines"] if entry.kind == "close" else ():
                found[line["partner_id"]] = found.get(line["partner_id"], 0) + line["minor"]
        return found

    def alias(self, old: str, new: str) -> None:
        text = default_rules().decode().replace("version = 1\n", "version = 2\n")
        text = text.replace("effective = 2015", "effective = 2016", 1)
        rules = self.write("renamed.toml", f'{text}\n[partners]\n"{old}" = "{new}"\n')
        self.run("rules", "adopt", rules)

    def forge(self, change: Callable[[str, dict[str, Any]], bool]) -> None:
        """Write the ledger anew with a whole chain; `change` may edit a body, and says whether it stays."""
        made: list[ledger.Entry] = []
        for one in self.entries():
            body = dict(one.body)
            if change(one.kind, body):
                head = ledger.head_of(made)
                made.append(ledger.make_entry(head, len(made), one.time, one.kind, body))
        whole = b"".join(one.line + b"\n" for one in made)
        self.ledger.write_bytes(ledger.LEDGER_LINE + b"\n" + whole)

    def seal(self, count: int, coming: int = 0) -> None:
        """The house's seal on the first entries, before some more are written: by who has its passphrase."""
        entries, place = self.entries(), self.root / "party"
        with open_party(place, lambda data: PartyKeys.from_locked(data, PASSPHRASE)) as party:
            put_seal(party, entries[:count], entries[count : count + coming])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    set_passphrases(monkeypatch)
    made = House(tmp_path)
    made.begin(PLAN, {"ada": "finance", "ben": "finance", "cleo": "judge"})
    made.crm(DEALS, ACTIONS)
    return made


def renamed(rows: list[str]) -> list[str]:
    return [row.replace("contoso", "contoso ltd") for row in rows]


# Paid twice.


def test_an_override_that_waits_is_not_proposed_again(desk: House) -> None:
    """Whoever does not know whether a killed command proposed it proposes it again."""
    desk.close("2026-Q1")
    line = next(line["line"] for one in desk.entries() if one.kind == "close" for line in one.body["lines"])
    words = ("pay", "override", line, "--amount", "20", "--reason", "agreed")
    desk.run(*words, *key(desk, "ada"))
    assert "proposed already: o1" in desk.run(*words, *key(desk, "ada"), code=2)
    desk.run("pay", "confirm", "o1", *key(desk, "ben"))
    desk.run("pay", "confirm", "o2", *key(desk, "ben"), code=2)
    desk.now = day("2026-07-02")
    desk.close("2026-Q2")
    assert desk.booked() == {"contoso": 16500 + 2000}
    # What was confirmed is done; the same may be agreed on again.
    desk.run(*words, *key(desk, "ada"))


def test_a_partner_renamed_after_the_clawback_window_is_not_paid_again(desk: House) -> None:
    desk.close("2026-Q1")
    assert desk.booked() == {"contoso": 16500}
    desk.now = day("2026-12-15")
    desk.close("2026-Q2")
    desk.close("2026-Q3")
    desk.crm(DEALS, renamed(ACTIONS))
    desk.now = day("2027-01-02")
    closed = desk.close("2026-Q4")
    assert closed["not_earned"]["earned-before"] == 2
    assert desk.booked() == {"contoso": 16500}


def test_a_new_name_by_an_alias_takes_nothing_back_and_pays_nothing_again(desk: House) -> None:
    desk.close("2026-Q1")
    desk.alias("contoso", "contoso ltd")
    desk.crm(DEALS, renamed(ACTIONS))
    assert {row["partner"] for row in desk.json("credit")} == {"contoso ltd"}
    desk.now = day("2026-07-02")
    assert desk.close("2026-Q2")["lines"] == 0
    assert desk.booked() == {"contoso": 16500}


def test_a_deal_that_comes_again_under_another_id_is_not_earned_twice(desk: House) -> None:
    desk.close("2026-Q1")
    again = [row.replace("D1,", "D9,").replace("D2,", "D8,") for row in (*DEALS, *ACTIONS)]
    desk.crm(again[:2], again[2:])
    desk.now = day("2026-07-02")
    closed = desk.close("2026-Q2")
    assert (closed["lines"], closed["not_earned"]["earned-before"]) == (0, 2)


@pytest.mark.parametrize(
    "name", ["CONTOSO ", "con\u200btoso", "\uff43ontoso", "contoso\u00a0", "c\u00adontoso"]
)
def test_one_partner_in_several_spellings_is_one(desk: House, name: str) -> None:
    desk.crm(DEALS, [*ACTIONS, f"b1,D2,A2,{name},demo,2026-03-02,2026-03-02,{PROOF},jo"])
    desk.close("2026-Q1")
    assert desk.booked() == {"contoso": 16500 + 5000}  # A demo of another day; one influence.


def test_an_action_that_came_twice_is_earned_once(desk: House) -> None:
    twice = f"a0,D2,A2,contoso,demo,2026-03-01,2026-03-01,{PROOF},jo"
    desk.crm(DEALS, [*ACTIONS, twice])
    assert desk.close("2026-Q1")["not_earned"]["action-repeated"] == 1
    assert desk.booked() == {"contoso": 16500}
    # Nor later: what was taken in stands, whichever id comes first.
    desk.crm(DEALS, [*ACTIONS, twice, twice.replace("a0", "A"), twice.replace("a0", "z")])
    desk.now = day("2026-07-02")
    assert desk.close("2026-Q2")["lines"] == 0


def test_what_a_dispute_gave_is_not_earned_beside_it(desk: House) -> None:
    desk.crm(DEALS, ACTIONS[1:])
    about = ("--deal", "D1", "--partner", "contoso", "--reason", "missing", "--by", "contoso")
    desk.run("dispute", "open", *about)
    desk.close("2026-Q1")
    desk.run("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "100", *key(desk, "cleo"))
    desk.crm(DEALS, ACTIONS)
    desk.now = day("2026-07-02")
    assert desk.close("2026-Q2")["not_earned"] == {"decided": 1}
    assert desk.booked() == {"contoso": 6500 + 10000}


@pytest.mark.parametrize(
    ("old", "new", "left"), [("New Business", "Renewal", 8000), ("Closed Won", "Closed Lost", 0)]
)
def test_what_was_refunded_by_hand_does_not_come_back_in_full(
    desk: House, old: str, new: str, left: int
) -> None:
    desk.close("2026-Q1")
    (name,) = [row["event_id"] for row in desk.json("credit", "events")["events"] if row["kind"] == "sourced"]
    refund = f"r1,2026-05-01,refund,contoso,D1,,200.00,EUR,{name}\n"
    desk.now = day("2026-07-02")
    # The event says something else now; or the deal is lost, and what is left of it goes back.
    desk.crm([DEALS[0].replace(old, new), DEALS[1]], ACTIONS)
    desk.close("2026-Q2", "--events", desk.events(refund))
    assert desk.booked() == {"contoso": 6500 + left}
    desk.crm(DEALS, ACTIONS)
    desk.now = day("2026-10-02")
    desk.close("2026-Q3")
    assert desk.booked() == {"contoso": 6500 + left}


def test_one_thing_is_not_disputed_by_deal_and_by_line_at_once(desk: House) -> None:
    desk.close("2026-Q1")
    line = next(one for one in desk.statement("contoso")["lines"] if one["deal_id"] == "D1")["line"]
    about = ("--deal", "D1", "--partner", "contoso", "--reason", "missing", "--by", "contoso")
    desk.run("dispute", "open", *about)
    said = desk.run("dispute", "open", line, "--reason", "amount", "--by", "contoso", code=2)
    assert "disputed already" in said
    desk.run("dispute", "decide", "d1", "--outcome", "rejected", *key(desk, "cleo"))
    desk.run("dispute", "open", line, "--reason", "amount", "--by", "contoso")
    desk.run("dispute", "open", *about, code=2)


# An edited ledger.


@pytest.mark.parametrize("data", [b"", b"x", b"overlap-ledger/1", b"\n"])
def test_an_emptied_ledger_is_not_one_without_entries(desk: House, data: bytes) -> None:
    desk.close("2026-Q1")
    desk.ledger.write_bytes(data)
    desk.run("pay", "replay", code=4)
    desk.run("period", "close", "2026-Q1", "--credit", code=4)
    assert desk.ledger.read_bytes() == data


@pytest.mark.parametrize("kind", ["plan", "decision", "run", "override", "confirmation"])
@pytest.mark.parametrize("how", ["unsigned", "edited", "stranger", "other-role"])
def test_acts_that_nobody_signed_are_found_though_the_chain_is_whole(
    desk: House, kind: str, how: str
) -> None:
    desk.close("2026-Q1")
    line = desk.statement("contoso")["lines"][0]["line"]
    desk.run("dispute", "open", line, "--reason", "amount", "--by", "contoso")
    desk.run("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "1", *key(desk, "cleo"))
    words = ("--amount", "5", "--reason", "x")
    desk.run("pay", "override", line, *words, *key(desk, "ada"))
    desk.run("pay", "confirm", "o1", *key(desk, "ben"))
    desk.now = day("2026-04-20")
    desk.run("pay", "approve", *key(desk, "ada"))
    assert desk.json("pay", "replay")["signed"] == 5

    def change(what: str, body: dict[str, Any]) -> bool:
        if what == kind and how == "unsigned":
            body.pop("signature")
        elif what == kind and how == "edited":
            body["extra"] = "1"
        elif what == kind and how == "stranger":
            body["by"] = "zoe"
        elif what == "approver" and how == "other-role":
            body["roles"] = ["x"]
        return True

    desk.forge(change)
    desk.seal(len(desk.entries()))
    code = 5 if how == "edited" else 4
    assert "sign" in desk.run("pay", "replay", code=code)


def test_an_approver_whose_key_is_replaced_is_found(desk: House) -> None:
    desk.close("2026-Q1")
    body = dict(next(one for one in desk.entries() if one.kind == "approver").body) | {"key": "00" * 32}
    made = desk.entries()
    made.append(ledger.make_entry(ledger.head_of(made), len(made), made[-1].time, "approver", body))
    desk.ledger.write_bytes(desk.ledger.read_bytes() + made[-1].line + b"\n")
    assert "not the one that we sealed" in desk.run("pay", "replay", code=4)
    desk.seal(len(made))
    assert "key was replaced" in desk.run("pay", "replay", code=4)


@pytest.mark.parametrize("kind", ["approver", "dispute", "events", "payment"])
def test_what_no_person_signs_is_held_by_the_seal_of_the_house(desk: House, kind: str) -> None:
    desk.close("2026-Q1")
    line = desk.statement("contoso")["lines"][0]["line"]
    desk.now = day("2026-04-20")
    run = desk.json("pay", "approve", *key(desk, "ada"))["run"]
    desk.run("pay", "paid", run, "--reference", "SEPA 1")
    desk.run("dispute", "open", line, "--reason", "amount", "--by", "contoso")
    desk.run("pay", "replay")

    def change(what: str, body: dict[str, Any]) -> bool:
        if what == kind == "approver":
            body["key"] = "11" * 32
        elif what == kind == "events":
            body["evidence"] = [["e", "x", "y"]]
        elif what == kind == "payment":
            body["reference"] = "SEPA 2"
        return what != "dispute" or kind != "dispute"

    whole = desk.ledger.read_bytes()
    desk.forge(change)
    assert desk.ledger.read_bytes() != whole
    for words in (("pay", "replay"), ("dispute", "list"), ("statement", "contoso")):
        assert "not the one that we sealed" in desk.run(*words, code=4)


def test_a_ledger_without_a_seal_or_under_a_strangers_is_refused(desk: House) -> None:
    seal = desk.ledger.with_name("seal")
    whole = seal.read_bytes()
    seal.write_bytes(re.sub(rb'"signature":"..', b'"signature":"00', whole))
    assert "seal" in desk.run("pay", "replay", code=5)
    seal.unlink()
    assert "no seal" in desk.run("pay", "replay", code=4)
    seal.write_bytes(whole)
    desk.run("pay", "replay")


def test_the_last_entry_cannot_be_cut_off(desk: House) -> None:
    desk.close("2026-Q1")
    lines = desk.ledger.read_bytes().split(b"\n")
    desk.ledger.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    assert "not the one that we sealed" in desk.run("pay", "replay", code=4)


def test_new_keys_of_the_house_seal_the_ledger_anew(desk: House) -> None:
    desk.close("2026-Q1")
    out = desk.root / "rotation"
    desk.run("keys", "rotate", "--recovery", desk.root / "party" / "recovery.key", "--out", out)
    assert desk.json("pay", "replay")["closes"] == ["2026-Q1"]


def test_a_close_that_was_cut_off_anywhere_is_done_again_to_the_same_bytes(desk: House) -> None:
    before = desk.ledger.read_bytes()
    desk.close("2026-Q1")
    whole = desk.ledger.read_bytes()
    ends = [at + 1 for at, one in enumerate(whole) if one == 10 and at >= len(before)]
    assert len(ends) == 2  # The events, and the close.
    count = before.count(b"\n") - 1
    for cut in (len(before), len(before) + 1, ends[0] - 1, ends[0], ends[0] + 1, ends[1] - 1):
        desk.ledger.write_bytes(whole)
        desk.seal(count, 2)
        desk.ledger.write_bytes(whole[:cut])
        desk.close("2026-Q1")
        assert desk.ledger.read_bytes() == whole
    desk.run("period", "close", "2026-Q1", "--credit", code=2)
    assert desk.ledger.read_bytes() == whole


def test_a_full_disk_leaves_the_close_to_be_done_again(desk: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.ledger.read_bytes()
    desk.close("2026-Q1")
    whole = desk.ledger.read_bytes()
    desk.seal(before.count(b"\n") - 1, 2)
    desk.ledger.write_bytes(before)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cleanroom.session.attribution.money_books.os.fsync", full)
        desk.run("period", "close", "2026-Q1", "--credit", code=4)
    # What may have come to the disk before it was full is cut off, or was the whole of it.
    assert whole.startswith(desk.ledger.read_bytes())


@pytest.mark.parametrize("what", ["cut", "anew", "shorter line"])
def test_a_ledger_other_than_that_of_a_statement_is_found_by_the_partners_log(
    desk: House, tmp_path: Path, what: str
) -> None:
    other = Desk(tmp_path / "other")
    other.root.mkdir()
    other.run("init", "--party", "contoso")
    other.run("card", "--out", tmp_path / "contoso.card")
    desk.run("partner", "add", tmp_path / "contoso.card")
    desk.close("2026-Q1")
    desk.statement("contoso")
    desk.run("pay", "replay")
    desk.now = day("2026-07-02")
    desk.close("2026-Q2")
    desk.run("pay", "replay")  # What came after the statement changes nothing.
    if what == "anew":
        desk.forge(lambda kind, body: kind != "close" and kind != "events")
    else:
        lines = desk.ledger.read_bytes().split(b"\n")
        at = next(at for at, line in enumerate(lines) if b'"kind":"close"' in line)
        tail = b"" if what == "cut" else lines[at][:50]
        desk.ledger.write_bytes(b"\n".join(lines[:at]) + b"\n" + tail)
    assert "not the one that we sealed" in desk.run("pay", "replay", code=4)
    # A folder that was put back as a whole bears the seal of that day: the partner's log tells.
    desk.ledger.write_bytes(desk.ledger.read_bytes().rpartition(b"\n")[0] + b"\n")
    desk.seal(len(desk.entries()))
    assert "not the one" in desk.run("pay", "replay", code=4)


# What a statement tells, and where it is written.


def test_an_id_of_another_event_is_no_digest_of_its_amount(desk: House) -> None:
    team = """
[[rule]]
id = "team"
type = "commission"
kinds = ["won"]
rate = "1%"
split = { by = "points", points = { "action:demo" = 1, "sourced" = 1 } }
"""
    plan = PLAN.replace("version = 1", "version = 2").replace("2026-01-01", "2026-04-01") + team
    desk.run("pay", "adopt", desk.write("two.toml", plan), *key(desk, "ada"))
    demo = f"a3,D1,A1,fabrikam,demo,2026-02-20,2026-02-20,{PROOF},jo"
    desk.crm(DEALS, [*ACTIONS, demo])
    desk.close("2026-Q1")
    for partner, other in (("fabrikam", "contoso"), ("contoso", "fabrikam")):
        inputs = desk.statement(partner)["inputs"]["rows"]
        others = [row for row in inputs if row[3] != partner]
        assert others and other not in json.dumps(inputs)
        for row in others:
            assert row[0].rpartition("!")[2].isdigit() and row[5:8] == ["", "", ""]
        file = desk.root / "out" / f"{partner}-2026-Q1.json"
        plans = ("--plan", desk.root / "plan.toml", "--plan", desk.root / "two.toml")
        assert "same" in desk.run("statement", "verify", file, *plans)


def test_a_shared_line_does_not_show_on_what_the_others_event_rests(desk: House) -> None:
    team = """
[[rule]]
id = "team"
type = "commission"
kinds = ["sourced"]
rate = "1%"
split = { by = "equal", kinds = ["action:demo"] }
"""
    plan = PLAN.replace("version = 1", "version = 2").replace("2026-01-01", "2026-07-01") + team
    desk.run("pay", "adopt", desk.write("two.toml", plan), *key(desk, "ada"))
    desk.now = day("2026-07-02")
    desk.close("2026-Q1")
    desk.close("2026-Q2")
    desk.crm(
        [*DEALS, "D5,A5,Closed Won,1000.00,2026-06-01,2026-07-10,"],
        [
            *ACTIONS,
            f"secret-a,D5,A5,contoso,introduction,2026-05-20,2026-05-20,{PROOF.replace('ab', 'cd')},jo",
            f"d5,D5,A5,fabrikam,demo,2026-07-02,2026-07-02,{PROOF},jo",
        ],
    )
    desk.now = day("2026-10-02")
    desk.close("2026-Q3")
    made = desk.statement("fabrikam")
    lines = {line["rule"]: line for line in made["lines"]}
    assert lines["team"]["amount"] == "10.00" and (lines["team"]["evidence"], lines["team"]["proof"]) == (
        "",
        "",
    )
    assert "action=d5" in lines["demo"]["evidence"]
    for suffix in ("json", "csv", "html"):
        text = (desk.root / "out" / f"fabrikam-2026-Q3.{suffix}").read_text()
        assert "secret-a" not in text and "cd" * 32 not in text and "contoso" not in text


@pytest.mark.parametrize("name", ["../../../evil", "/evil", "a/b", "..", "x" * 199, "\u00fc" * 199, "a\\b"])
def test_an_id_of_a_partner_chooses_no_place(desk: House, name: str) -> None:
    row = f"e1,2026-01-15,sourced,{name},d1,,1,EUR,\n"
    desk.run("period", "close", "2026-Q1", "--events", desk.events(row))
    before = set(desk.root.rglob("*"))
    desk.run("statement", name, "--out", desk.root / "out")
    made = {path for path in set(desk.root.rglob("*")) - before if path.is_file()}
    assert {path.parent for path in made if path.suffix in (".json", ".csv", ".html")} == {desk.root / "out"}
    assert len(list((desk.root / "out").iterdir())) == 3


# What is printed.

STEERING = ("x\x1b[31mred", "\x07", "\u202egnp", "\x9b2J", "a\tb")


def test_no_text_of_a_crm_steers_a_terminal(desk: House) -> None:
    deals = [f'"{one}",A{at},Negotiation,100,2026-03-20,,{one}' for at, one in enumerate(STEERING, start=3)]
    actions = [
        f'"{one}{at}","{deal}",A{at},"{one}",introduction,2026-03-02,2026-03-02,{proof},"{one}"'
        for at, one in enumerate(STEERING, start=3)
        for deal, proof in (("D2", PROOF), (one, ""))
    ]
    desk.crm([*DEALS, *deals], [*ACTIONS, *actions])
    about = ("--partner", STEERING[0], "--reason", "missing", "--by", STEERING[1])
    desk.run("dispute", "open", "--deal", "D2", *about)
    for words in (
        ("credit",),
        ("credit", "events"),
        ("credit", "check"),
        ("credit", "explain", "D2"),
        ("actions", "list"),
        ("actions", "list", "--json"),
        ("dispute", "list"),
        ("dispute", "list", "--json"),
        ("weekly",),
        ("period", "close", "2026-Q1", "--credit"),
        ("credit", "--json"),
    ):
        assert all(one.isprintable() for one in desk.run(*words).split("\n")), words
    assert STEERING[0] in {row["partner"] for row in desk.json("credit")}


def test_a_statement_from_somebody_else_steers_no_terminal(desk: House) -> None:
    desk.close("2026-Q1")
    made = desk.statement("contoso")
    made["lines"][0] |= {"formula": "\x1b]0;x\x07", "deal_id": "\u202e1", "amount": "\x9b2J"}
    file = desk.root / "made.json"
    file.write_bytes(canonical.encode(made) + b"\n")
    for words, code in (
        (("why", made["lines"][0]["line"], file), 0),
        (("verify", file, "--plan", desk.root / "plan.toml"), 3),
    ):
        assert all(one.isprintable() for one in desk.run("statement", *words, code=code).split("\n"))


# Days and sizes.


@pytest.mark.parametrize(
    "text", ["9" * 500, "1." + "0" * 450 + "1", "NaN", "Infinity", "1e9", "0x10", "\u0663"]
)
def test_an_amount_that_is_none_stops_nobody_elses(desk: House, text: str) -> None:
    desk.crm(
        [*DEALS, f"D3,A3,Closed Won,{text},2026-02-01,2026-03-10,"],
        [*ACTIONS, f"a3,D3,A3,contoso,demo,2026-03-01,2026-03-01,{PROOF},jo"],
    )
    desk.run("credit")
    assert desk.close("2026-Q1")["not_earned"] == {"amount-unreadable": 1}
    assert desk.booked() == {"contoso": 16500 + 5000}


def test_many_actions_on_one_deal_take_as_many_steps() -> None:
    class Counted(list):  # type: ignore[type-arg]
        looks = 0

        def __getitem__(self, at: Any) -> Any:
            Counted.looks += 1
            return list.__getitem__(self, at)

    number = 300
    rows = [[f"a{at}", "2026-01-02", "action:demo", f"p{at % 3}", "d1", *[""] * 4] for at in range(number)]
    rows += [[f"w{at}", "2026-02-02", "won", "", "d1", "", "100", "EUR", ""] for at in range(number)]
    rule = """
[[rule]]
id = "team"
type = "commission"
kinds = ["won"]
rate = "1%"
split = { by = "equal", kinds = ["action:demo"] }
"""
    plan = payouts.read_plan((PLAN + rule).encode())
    deals = Deals(payouts.read_events(rows).events, [plan], day("2026-04-01") // 86_400)
    deals._by_deal = {deal: Counted(events) for deal, events in deals._by_deal.items()}
    earning = [one for one in payouts.read_events(rows).events if one.kind == "won"]
    split = plan.rules[-1].split
    assert split is not None
    assert all(deals.participants(one, split) == {"p0": 1, "p1": 1, "p2": 1} for one in earning)
    assert Counted.looks <= 3 * number


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31", "0001-01-01", "1899-12-31"],
)
def test_a_day_out_of_all_calendars_is_refused_by_its_row(desk: House, text: str) -> None:
    assert payouts.read_instant(text) == "date-unreadable" and payouts.read_day(text) is None
    events = desk.events(f"e1,{text},sourced,x,d1,,1,EUR,\ne2,2026-02-01,sourced,x,d1,,100,EUR,\n")
    said = desk.json("pay", desk.root / "plan.toml", events)
    assert [(one["event_id"], one["code"]) for one in said["findings"]] == [("e1", "date-unreadable")]


@pytest.mark.parametrize("text", ["1900-01-01T00:00:00+14:00", "2199-12-31T23:59:59-14:00", "2199-12-31"])
def test_the_edges_of_the_calendar_have_a_period(text: str) -> None:
    second = payouts.read_instant(text)
    assert isinstance(second, int)
    for length in ("month", "quarter", "half", "year"):
        span = payouts.period_of(second // 86_400, length)
        assert span.start <= second // 86_400 < span.end and iso_day(span.end)


def test_a_dispute_about_a_deal_has_its_clock_in_the_weekly_review(desk: House) -> None:
    about = ("--deal", "D2", "--partner", "contoso", "--reason", "missing", "--by", "contoso")
    desk.run("dispute", "open", *about)
    (item,) = [one for one in desk.json("weekly")["items"] if one["code"] == "dispute-open"]
    assert (item["opportunity"], item["partner"]) == ("D2", "contoso")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"responded": ""},
        {"action": "a1", "responded": 5, "looped_back": ""},
        {"action": "a1", "responded": "0", "looped_back": ""},
        {"action": "a1", "responded": "", "looped_back": "", "more": ""},
    ],
)
def test_an_edited_answer_is_no_answer(desk: House, record: dict[str, Any]) -> None:
    desk.run("actions", "answer", "a1")
    place = desk.root / "party" / "attribution" / "answers"
    (kept,) = place.iterdir()
    Folder(desk.root / "party").write_record(record, "attribution", "answers", kept.name)
    for words in (("weekly",), ("credit",), ("actions", "answer", "a1")):
        assert "was altered" in desk.run(*words, code=4)
    kept.unlink()
    desk.run("actions", "answer", "a1")


def test_a_week_whose_table_is_another_file_is_refused(desk: House) -> None:
    desk.run("weekly")
    (kept,) = (desk.root / "party" / "attribution" / "weekly").glob("*.parquet")
    kept.write_bytes((desk.root / "party" / "tables" / "actions.parquet").read_bytes())
    desk.now += 8 * 86_400
    assert "were replaced" in desk.run("weekly", code=4)
