"""Commands of attribution and money at the step of the quarter where they belong, to be killed there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from killed_cases import Case, Words
from money_house import (
    ACCOUNTS,
    ACTIONS,
    EARNED,
    PERIOD,
    as_,
    booked,
    close_next,
    entries,
    finish_quarter,
    import_programme,
    line_of,
    require_whole_money,
    runs,
)
from two_parties import VENDOR, TwoParties


def adopt_and_finish(both: TwoParties) -> None:
    """The programme from its plan on."""
    if not any(one.kind == "plan" for one in entries(both)):
        both.run(VENDOR, "pay", "adopt", both.root / "plan.toml", *as_(both, "ada"))
    if not both.read_json(VENDOR, "rules", "list"):
        both.run(VENDOR, "rules", "adopt", both.root / "rules.toml")
    import_programme(both)
    finish_quarter(both)


def know_people(both: TwoParties) -> None:
    """A person was made, once, whose key works."""
    both.run(VENDOR, "pay", "adopt", write_plan(both), *as_(both, "ada"))
    require_whole_money(both)
    assert [one.kind for one in entries(both)] == ["approver", "plan"]


def write_plan(both: TwoParties) -> Path:
    from desk import SHARES, plan_text

    place = both.root / "plan.toml"
    place.write_text(plan_text(SHARES, start="2026-07-01"), encoding="utf-8")
    return place


def actions_are(count: int) -> Callable[[TwoParties], None]:
    """So many actions are here, and the quarter goes on to its end."""

    def then(both: TwoParties) -> None:
        assert len(both.read_json(VENDOR, "actions", "list")) == count
        finish_quarter(both)

    return then


def logged_once_or_twice(both: TwoParties) -> None:
    """A killed log may have been made: two of one day are one to pay."""
    assert len(both.read_json(VENDOR, "actions", "list")) in (3, 4)
    finish_quarter(both)


def is_told(column: str) -> Callable[[TwoParties], None]:
    def then(both: TwoParties) -> None:
        (row,) = [one for one in both.read_json(VENDOR, "actions", "list") if one["id"] == "a1"]
        assert row[column]
        finish_quarter(both)

    return then


def make_token(both: TwoParties) -> Words:
    return ("actions", "token", "make", "--partner", "contoso", "--out", both.mail("token"))


def redeem(both: TwoParties) -> Words:
    return ("actions", "token", "redeem", both.mail("token"), "--account", ACCOUNTS[2], "--owner", "jo")


def redeem_one(both: TwoParties) -> Words:
    both.run(VENDOR, *make_token(both))
    return redeem(both)


def is_redeemed_once(both: TwoParties) -> None:
    """The token brought one action, and has no use left."""
    both.run(VENDOR, *redeem(both), code=3)
    assert [one["used"] for one in both.read_json(VENDOR, "actions", "token", "list")] == [1]
    actions_are(len(ACTIONS) + 1)(both)


def token_works(both: TwoParties) -> None:
    both.run(VENDOR, *redeem(both))
    actions_are(len(ACTIONS) + 1)(both)


def export_to(*words: str) -> Callable[[TwoParties], Words]:
    """A command that writes to `exported`."""

    def made(both: TwoParties) -> Words:
        return tuple(str(both.root / "exported") if word == "OUT" else word for word in words)

    return made


def keep_exported(both: TwoParties) -> None:
    """Keep what stands in `exported` under its name: it must be whole, as `same_files` finds."""
    place = both.root / "exported"
    if place.is_dir():
        shutil.copytree(place, both.root / "seen", ignore=shutil.ignore_patterns("*.new"))
    elif place.is_file():
        (both.root / "seen").mkdir()
        shutil.copy(place, both.root / "seen" / "exported")


def same_files(both: TwoParties) -> None:
    """Every file that was there when the command was killed is that of the whole command."""
    place = both.root / "exported"
    for seen in (both.root / "seen").glob("*"):
        whole = place / seen.name if place.is_dir() else place
        assert seen.read_bytes() == whole.read_bytes(), f"{seen.name} was half-written"
    assert not list(both.root.glob("exported*/*.new"))
    finish_quarter(both)


def is_closed(both: TwoParties) -> None:
    assert booked(both) == EARNED
    finish_quarter(both)
    close_next(both)


def nothing_is_closed_by_half(both: TwoParties) -> None:
    """Whatever the ledger holds when the close was killed, it is as before the close or as after it."""
    require_whole_money(both)
    assert booked(both) in ({}, EARNED)


def open_dispute(both: TwoParties) -> Words:
    return ("dispute", "open", line_of(both, "contoso"), "--reason", "amount", "--by", "contoso")


def dispute_deal(both: TwoParties) -> Words:
    words = ("--deal", "D3", "--partner", "contoso", "--reason", "missing", "--by", "contoso")
    return ("dispute", "open", *words)


def one_dispute(both: TwoParties) -> None:
    assert [one["dispute"] for one in both.read_json(VENDOR, "dispute", "list")] == ["d1"]
    both.run(VENDOR, "dispute", "decide", "d1", "--outcome", "upheld", "--amount", "5", *as_(both, "cleo"))
    finish_quarter(both)
    close_next(both, contoso=500)


def decide(both: TwoParties) -> Words:
    return ("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "5", *as_(both, "cleo"))


def decided_once(both: TwoParties) -> None:
    finish_quarter(both)
    close_next(both, contoso=500)


def override(both: TwoParties) -> Words:
    words = ("--amount", "7", "--reason", "agreed", *as_(both, "ada"))
    return ("pay", "override", line_of(both, "fabrikam"), *words)


def confirm(both: TwoParties) -> Words:
    both.run(VENDOR, *override(both))
    return ("pay", "confirm", "o1", *as_(both, "ben"))


def confirmed_once(both: TwoParties) -> None:
    finish_quarter(both)
    close_next(both, fabrikam=700)


def proposed(both: TwoParties) -> None:
    """One was proposed, whatever was killed: there is no second one that could be confirmed beside it."""
    both.run(VENDOR, "pay", "confirm", "o1", *as_(both, "ben"))
    both.run(VENDOR, "pay", "confirm", "o2", *as_(both, "ben"), code=2)
    confirmed_once(both)


def week_is_kept(both: TwoParties) -> None:
    same_files(both)
    both.now += 7 * 86_400
    assert "2026-W47" in both.run(VENDOR, "weekly").out


def statement_verifies(both: TwoParties) -> None:
    place = both.root / "exported" / f"contoso-{PERIOD}.json"
    both.run(VENDOR, "statement", "verify", place, "--plan", both.root / "plan.toml")
    same_files(both)


MONEY_CASES = {
    "pay approver": Case(
        "met",
        VENDOR,
        lambda both: ("pay", "approver", "ada", "--role", "finance", "--out", both.root / "ada.key"),
        know_people,
        done="such a file or person already",
    ),
    "pay adopt": Case(
        "people",
        VENDOR,
        lambda both: ("pay", "adopt", both.root / "plan.toml", *as_(both, "ada")),
        adopt_and_finish,
        done="adopted already",
    ),
    "rules adopt": Case(
        "planned",
        VENDOR,
        lambda both: ("rules", "adopt", both.root / "rules.toml"),
        adopt_and_finish,
        done="adopted already",
    ),
    "import actions": Case(
        "imported",
        VENDOR,
        lambda both: ("import", both.root / "crm" / "more-actions.csv", "--as", "actions"),
        actions_are(len(ACTIONS) + 1),
    ),
    "actions log": Case(
        "imported",
        VENDOR,
        lambda both: (
            "actions", "log", "--partner", "contoso", "--type", "introduction", "--date", "2026-11-20",
            "--account", ACCOUNTS[2], "--proof", "a mail", "--owner", "jo",
        ),
        logged_once_or_twice,
    ),
    "actions answer": Case(
        "imported", VENDOR, lambda both: ("actions", "answer", "a1"), is_told("responded")
    ),
    "actions loop-back": Case(
        "imported", VENDOR, lambda both: ("actions", "loop-back", "a1"), is_told("looped_back")
    ),
    "actions token make": Case("imported", VENDOR, make_token, token_works),
    "actions token redeem": Case("imported", VENDOR, redeem_one, is_redeemed_once, done="is used up"),
    "credit": Case("imported", VENDOR, export_to("credit", "--out", "OUT"), same_files, keep_exported),
    "credit events": Case(
        "imported", VENDOR, export_to("credit", "events", "--out", "OUT"), same_files, keep_exported
    ),
    "credit export": Case(
        "imported", VENDOR, export_to("credit", "export", "OUT"), same_files, keep_exported
    ),
    "weekly": Case("imported", VENDOR, export_to("weekly", "--out", "OUT"), week_is_kept, keep_exported),
    "period close": Case(
        "imported",
        VENDOR,
        lambda both: ("period", "close", PERIOD, "--credit"),
        is_closed,
        nothing_is_closed_by_half,
        done="the next period to close is",
    ),
    "statement": Case(
        "closed", VENDOR, export_to("statement", "contoso", "--out", "OUT"), statement_verifies, keep_exported
    ),
    "dispute open": Case("closed", VENDOR, open_dispute, one_dispute, done="disputed already"),
    "dispute open, a deal": Case("closed", VENDOR, dispute_deal, one_dispute, done="disputed already"),
    "dispute decide": Case("frozen", VENDOR, decide, decided_once, done="no such dispute that is open"),
    "pay override": Case("closed", VENDOR, override, proposed, done="proposed already"),
    "pay confirm": Case("closed", VENDOR, confirm, confirmed_once, done="no such override that waits"),
    "pay approve": Case(
        "closed",
        VENDOR,
        lambda both: ("pay", "approve", *as_(both, "ada")),
        finish_quarter,
        require_whole_money,
        done="nothing is payable today",
    ),
    "pay export": Case(
        "approved",
        VENDOR,
        lambda both: ("pay", "export", runs(both)[0], "--out", both.root / "exported"),
        same_files,
        keep_exported,
    ),
    "pay paid": Case(
        "approved",
        VENDOR,
        lambda both: ("pay", "paid", runs(both)[0], "--reference", "bank 1"),
        finish_quarter,
        require_whole_money,
        done="nobody is left to be paid",
    ),
}  # fmt: skip
