"""New overlaps: one event for each account of ours that a partner holds too, since the run that said so.

Nothing is kept for it. The finished runs are the record, our log commits to each of them, and they stay in
our folder: no event goes to anybody. What a run told under an agreement that has ended is left out, as
everywhere, but an account that it named already is not new when a later run names it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cleanroom.attribution import payouts, weekly
from cleanroom.moment import moment_of
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.attribution.evidence import has_ended, is_for_attribution
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.store import read_table
from overlap.errors import UsageError


@dataclass(frozen=True)
class Told:
    """What a finished run told: accounts of ours that the partner holds too, and whether it is still live."""

    partner: str
    run: str
    finished: int
    accounts: Sequence[str]
    live: bool


def first_told(runs: Iterable[Told]) -> list[weekly.NewOverlap]:
    """One event for each partner and account that a live run tells, of the first run that told it, by day.

    `runs` are in the order in which they were finished.
    """
    numbers: dict[str, int] = {}
    first: dict[tuple[str, str], weekly.NewOverlap] = {}
    live: set[tuple[str, str]] = set()
    for told in runs:
        number = numbers[told.partner] = numbers.get(told.partner, 0) + 1
        day = moment_of(told.finished)[:10]
        for account in told.accounts:
            key = told.partner, account
            first.setdefault(key, weekly.NewOverlap(day, *key, told.run, number))
            if told.live:
                live.add(key)
    found = (event for key, event in first.items() if key in live)
    return sorted(found, key=lambda one: (one.day, one.partner, one.number, one.account))


def new_overlaps(party: Party, *, for_credit: bool = False) -> list[weekly.NewOverlap]:
    """The events of all partners; with `for_credit` of the runs whose agreement is for attribution alone."""
    finished = [one for one in all_runs(party) if (one.state, one.level) == ("finished", "overlaps")]
    if for_credit:
        finished = [one for one in finished if is_for_attribution(party, one)]
    ordered = sorted(finished, key=lambda one: (one.finished, one.run))
    return first_told(_told(party, one) for one in ordered)


def list_new(party: Party, partner: str = "", since: str = "") -> list[tuple[weekly.NewOverlap, str]]:
    """The events, each with the name of our account, of one partner and from a day on (YYYY-MM-DD)."""
    if since and payouts.read_day(since) is None:
        raise UsageError("--since takes a day", "write it as 2026-05-03")
    if partner:
        party.card_of(partner)
    accounts = own_accounts(party.folder)
    names = dict(zip(accounts["id"].tolist(), accounts["name"].tolist(), strict=True))
    return [
        (one, names.get(one.account, ""))
        for one in new_overlaps(party)
        if partner in ("", one.partner) and one.day >= since
    ]


def _told(party: Party, record: RunRecord) -> Told:
    """What a run told, after review: what is withheld is not shown here either."""
    ids = read_table(party.folder.path("runs", record.run, "accounts.parquet"))["id"].tolist()
    shown = dict.fromkeys(ids[place] for place in release_state(party, record).shown["account"].tolist())
    return Told(record.partner, record.run, record.finished, list(shown), not has_ended(party, record))
