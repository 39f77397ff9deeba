"""Referral tokens replayed, forged, aged, handed on and interrupted."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from desk import DAY, SHARES, Programme, day, plan_text, set_passphrases

from cleanroom.attribution import actions
from overlap import canonical
from overlap.keys import PartyKeys

pytestmark = pytest.mark.usefixtures("quick_passphrase")

SPIFF = """
[[rule]]
id = "brought"
type = "spiff"
kinds = ["action:introduction"]
amount = "50"
"""


class House(Programme):
    """A vendor with three accounts, that makes tokens and redeems them."""

    @property
    def token(self) -> Path:
        return self.root / "token"

    def make(self, *words: str, partner: str = "contoso") -> None:
        self.run("actions", "token", "make", "--partner", partner, *words, "--out", self.token)

    def redeem(self, account: str = "A1", code: int = 0, file: Path | None = None) -> str:
        words = ("actions", "token", "redeem", file or self.token, "--account", account, "--owner", "jo")
        return self.run(*words, code=code)

    def brought(self) -> list[tuple[str, str]]:
        rows = self.json("actions", "list")
        return sorted((row["partner"], row["account_id"]) for row in rows if row["id"].startswith("R"))

    def resign(self, keys: PartyKeys, **change: object) -> Path:
        """A token with other fields, signed by these keys."""
        body, said = self.token.read_bytes().split(b"\n")[:2], {}
        said = json.loads(body[1]) | change
        text = body[0] + b"\n" + canonical.encode(said) + b"\n"
        signature = base64.b64encode(keys.sign("signing", actions.token.PURPOSE, text))
        path = self.root / "forged"
        path.write_bytes(text + signature + b"\n")
        return path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    set_passphrases(monkeypatch)
    made = House(tmp_path)
    made.begin(plan_text(SHARES + SPIFF), {"ada": "finance", "cleo": "judge"})
    rows = "\n".join(f"{one},{one} Ltd,https://{one.lower()}-example.com/" for one in ("A1", "A2", "A3"))
    source = made.write("accounts.csv", f"Account ID,Account Name,Website\n{rows}\n")
    made.run("import", source, "--population", "customers")
    return made


@pytest.fixture(scope="module")
def partner_keys() -> PartyKeys:
    return PartyKeys.generate("contoso", lambda size: b"c" * size)


def test_a_token_that_is_replayed_brings_nothing_more(desk: House) -> None:
    desk.make()
    desk.redeem("A1")
    kept = desk.root / "copy"
    kept.write_bytes(desk.token.read_bytes())
    for account in ("A1", "A2"):
        assert "used up" in desk.redeem(account, 3, kept)
    assert desk.brought() == [("contoso", "A1")]


def test_a_token_for_many_brings_an_account_once(desk: House) -> None:
    desk.make("--uses", "5")
    desk.redeem("A1")
    assert "for this account already" in desk.redeem("A1", 3)
    desk.now += 30 * DAY
    assert "for this account already" in desk.redeem("A1", 3)
    desk.redeem("A2")
    assert desk.brought() == [("contoso", "A1"), ("contoso", "A2")]
    assert [one["used"] for one in desk.json("actions", "token", "list")] == [2]


@pytest.mark.parametrize(
    "change", [{}, {"partner": "fabrikam"}, {"uses": 9}, {"until": 2**40}, {"id": "0" * 32}]
)
def test_a_token_that_the_partner_signed_is_none(
    desk: House, partner_keys: PartyKeys, change: dict[str, object]
) -> None:
    desk.make()
    # In the vendor's name, and as the vendor of its own token.
    desk.redeem("A1", 5, desk.resign(partner_keys, **change))
    other = desk.resign(partner_keys, **(change | {"vendor": partner_keys.card.digest.hex()}))
    desk.redeem("A1", 5, other)
    assert desk.brought() == []


def test_a_token_whose_partner_is_changed_is_forged(desk: House) -> None:
    desk.make()
    desk.token.write_bytes(desk.token.read_bytes().replace(b"contoso", b"fabrika"))
    desk.redeem("A1", 5)


def test_a_token_counts_for_its_partner_whoever_hands_it_over(desk: House) -> None:
    desk.make()
    desk.redeem("A1")
    desk.make(partner="fabrikam")
    desk.redeem("A1")
    # Two partners brought one account, each by a token of its own; the rules decide between them.
    assert desk.brought() == [("contoso", "A1"), ("fabrikam", "A1")]


def test_a_token_is_good_from_its_first_second_and_not_in_its_last(desk: House) -> None:
    desk.make("--days", "1")
    made = desk.now
    desk.now = made - 1
    assert "later than now" in desk.redeem("A1", 3)
    desk.now = made + DAY
    assert "has ended" in desk.redeem("A1", 3)
    desk.now = made + DAY - 1
    desk.redeem("A1")


def test_a_token_of_a_retired_key_that_the_folder_never_made_is_none(desk: House) -> None:
    desk.make()
    keys = PartyKeys.from_locked(
        (desk.root / "party" / "keys" / "identity").read_bytes(), "correct horse battery staple"
    )
    token = json.loads(desk.token.read_bytes().split(b"\n")[1])
    stolen = replace(actions.Token(**token), id="f" * 32)
    assert "does not know this token" in desk.redeem("A1", 4, desk.resign(keys, id=stolen.id))


def test_a_use_whose_command_was_killed_is_finished_and_not_given_again(desk: House) -> None:
    desk.make("--uses", "2")
    (token,) = desk.json("actions", "token", "list")
    place = desk.root / "party" / "attribution" / "tokens" / token["id"]
    before = place.read_bytes()
    desk.redeem("A1")
    place.write_bytes(before)  # What a command leaves that was killed before it wrote the use down.
    assert "for this account already" in desk.redeem("A1", 3)
    desk.redeem("A2")
    assert "used up" in desk.redeem("A3", 3)
    assert desk.brought() == [("contoso", "A1"), ("contoso", "A2")]


def test_two_redemptions_of_one_day_pay_one_spiff_an_account(desk: House) -> None:
    for _ in range(2):
        desk.make()
        desk.redeem("A1")
    desk.make()
    desk.redeem("A2")
    source = desk.write(
        "deals.csv", "id,account id,stage,amount,created,close date\nD9,A9,Negotiation,1,2026-02-01,\n"
    )
    desk.run("import", source, "--as", "opportunities", "--currency", "EUR")
    desk.now = day("2026-07-02")
    desk.close("2026-Q1")
    closed = desk.close("2026-Q2")
    assert closed["totals"] == {"EUR": "100.00"}
