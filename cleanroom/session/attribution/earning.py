"""What the statuses of a folder earn: events and evidence beside what the money ledger has taken in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution import classification, earnings, ledger, payouts
from cleanroom.export import write_csv
from cleanroom.memory import give_back, uncollected
from cleanroom.moment import iso_day
from cleanroom.session.attribution.crediting import Here, judge_here, keep_statuses
from cleanroom.session.attribution.money_books import MoneyBooks
from cleanroom.session.attribution.taking_in import EVIDENCE_COLUMNS, Rows
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party

if TYPE_CHECKING:
    import pandas as pd

_DAY: Final = 86_400
#: Columns of the table of statuses that stand in earnings.StatusNow as they are.
_COLUMNS: Final = tuple(name for name in earnings.StatusNow._fields if name not in ("action", "kept", "won"))
_NO_WORD: Final = re.compile(r"[^a-z0-9._]+")
#: Characters of a product in a plan.
_WORD_LIMIT: Final = 100


@dataclass(frozen=True)
class Events:
    """What is earned as of now; cancellations are dated `day`."""

    day: str
    earned: earnings.Earned

    @property
    def rows(self) -> list[list[str]]:
        """All rows of ours, new ones and those taken in before: what EVENTS.csv holds."""
        return sorted([*self.earned.known, *self.earned.new])

    @property
    def lines(self) -> list[str]:
        """What to print."""
        back = sum(row[2] == "cancel" for row in self.earned.new)
        lines = [
            f"events    {len(self.earned.new) - back:,} new, {back:,} cancelled as of {self.day}; "
            f"{len(self.earned.known):,} were taken in before"
        ]
        sums: dict[tuple[str, str], list[int]] = {}
        for row in self.earned.new:
            amount = payouts.read_amount(row[6], payouts.exponent_of(row[7]) or 0) if row[6] else None
            sums.setdefault((row[2], row[7]), []).append(amount or 0)
        for (kind, currency), amounts in sorted(sums.items()):
            total = payouts.amount_text(sum(amounts), currency)
            lines.append(
                f"  {kind:<26} {len(amounts):>7,}  {f'{currency} {total}' if currency else ''}".rstrip()
            )
        counts = Counter(one.code for one in self.earned.findings)
        lines += [
            f"careful   {counts[code]:,} {code}: {text}"
            for code, text in earnings.EARNING_FINDINGS.items()
            if code in counts
        ]
        lines.append("note      'overlap period close PERIOD --credit' takes them in")
        return lines

    @property
    def fields(self) -> dict[str, Any]:
        """Everything as plain values."""
        old = {row[0] for row in self.earned.known}
        names = (*payouts.EVENT_COLUMNS, "taken_in")
        return {
            "day": self.day,
            "events": [dict(zip(names, (*row, row[0] in old), strict=True)) for row in self.rows],
            "evidence": [dict(zip(EVIDENCE_COLUMNS, row, strict=True)) for row in self.earned.evidence],
            "findings": [one._asdict() for one in self.earned.findings],
        }


def credit_events(
    party: Party, rules: Path | None = None, *, out: Path | None = None, evidence: Path | None = None
) -> Events:
    """What the statuses here earn, written to EVENTS.csv and EVIDENCE.csv where they are named."""
    money = MoneyBooks(party)
    made = earned_here(party, money.books, rules, keep=rules is None)
    for place, columns, rows in (
        (out, payouts.EVENT_COLUMNS, made.rows),
        (evidence, EVIDENCE_COLUMNS, made.earned.evidence),
    ):
        if place is not None:
            write_whole(place, write_csv(place.name, "for pay", columns, rows, line_end="\n").content)
    return made


def earned_here(
    party: Party, books: ledger.Books, rules: Path | None = None, *, beside: Rows = (), keep: bool
) -> Events:
    """What is earned by statuses beside a ledger, and the rows of a file that it is about to take in.

    The table of statuses is written with `keep`. Refused while the fields of actions are not filled as the
    rules demand.
    """
    here = judge_here(party, rules, books.open_disputes())
    classification.require_complete(here.judged)
    if keep:
        keep_statuses(party, here)
    day = reversal_day(books, party.now // _DAY)
    rows = {name: cells for name, (cells, _) in books.rows.items()}
    named = here.pipeline.book.partner
    others = [row for row in beside if len(row) == len(payouts.EVENT_COLUMNS)]
    taken = earnings.Taken(
        rows,
        {name: text for name, (text, _) in books.evidence.items()},
        {name for name, cells in rows.items() if _is_late(books, cells, day)},
        others,
        iso_day(min(plan.start for plan in books.versions())) if books.versions() else "",
        {(deal, named(name)): opened for (deal, name), opened in books.upheld_deals().items()},
        {name: named(name) for name in {cells[3] for cells in (*rows.values(), *others)} if name},
    )
    text = iso_day(day)
    standing = standing_of(here, paid_types(books), with_known=bool(rows or beside))
    standing = replace(standing, moved=_moved(here, taken))
    # What was judged is let go: a million pairs weigh more than all that they earn.
    del here, named
    give_back()
    return Events(text, earnings.earn(standing, taken, text))


def paid_types(books: ledger.Books) -> frozenset[str] | None:
    """The types of action that a version of the plan looks at; None while there is no plan.

    What no rule looks at is no event: it would wait in every close for a rule that nobody wrote.
    """
    plans = books.versions()
    if not plans:
        return None
    kinds = {kind for plan in plans for rule in plan.rules for kind in (*rule.kinds, *rule.watched)}
    first = earnings.ACTION
    return frozenset(kind.removeprefix(first) for kind in kinds if kind.startswith(first))


def standing_of(
    here: Here, paid: frozenset[str] | None = None, *, with_known: bool = True
) -> earnings.StandingNow:
    """The statuses that earn and open disputes, every deal, and proven actions of the `paid` types as values.

    The ids of all actions are only needed `with_known` rows in the ledger that may have lost theirs.
    """
    with uncollected():
        return _standing(here, paid, with_known=with_known)


def _standing(here: Here, paid: frozenset[str] | None, *, with_known: bool) -> earnings.StandingNow:
    statuses, pipeline = here.statuses, here.pipeline
    won = statuses["opportunity_status"] == "won"
    earning = won & statuses["status"].isin(list(earnings.KINDS))
    chosen = statuses[earning | (statuses["rule"] == "disputed:open")]
    columns: dict[str, list[Any]] = {name: _shared(chosen[name]) for name in _COLUMNS}
    columns["action"] = classification.actions_in(pa.array(chosen["facts"], pa.large_string()))
    columns["kept"] = chosen["facts"].str.startswith(classification.KEPT_FACTS).tolist()
    columns["won"] = won[chosen.index].tolist()
    rows = list(
        map(earnings.StatusNow._make, zip(*(columns[n] for n in earnings.StatusNow._fields), strict=True))
    )
    deals, actions, named = pipeline.opportunities, pipeline.actions, pipeline.book.partner
    types = deals["type"].tolist() if "type" in deals.columns else [""] * len(deals)
    words = {text: product_of(text) for text in set(types)}
    acting = [] if actions is None else actions["partner"].unique().tolist()
    names = {one: named(one) for one in {*acting, *(held.partner for held in pipeline.holdings)}}
    proven = classification.proven_actions(here.judged, paid)
    about = {*columns["account"], *(one.account for one in proven)}
    return earnings.StandingNow(
        statuses=rows,
        products={one: words[text] for one, text in zip(deals["id"].tolist(), types, strict=True)},
        actions=proven,
        known=frozenset(actions["id"].tolist()) if actions is not None and with_known else frozenset(),
        acting=frozenset(names[one] for one in acting),
        proofs=_proofs(actions, set(columns["action"]), names),
        closed=_closed(here.headlines, {one.deal for one in proven}),
        holdings={
            (names[one.partner], one.account): one for one in pipeline.holdings if one.account in about
        },
    )


def _moved(here: Here, taken: earnings.Taken) -> dict[str, str]:
    """The deals that actions name now which earned something for deals that are gone."""
    deals, actions = set(here.pipeline.opportunities["id"]), here.pipeline.actions
    gone = {name for name, cells in taken.rows.items() if cells[4] and cells[4] not in deals}
    wanted = {earnings.action_in(text) for name, text in taken.evidence.items() if name in gone} - {""}
    if not wanted or actions is None:
        return {}
    chosen = actions[actions["id"].isin(list(wanted)) & actions["opportunity_id"].isin(list(deals))]
    return dict(zip(chosen["id"].tolist(), chosen["opportunity_id"].tolist(), strict=True))


def _closed(headlines: pd.DataFrame, wanted: set[str]) -> dict[str, str]:
    """The day of each wanted deal that was won or lost."""
    ended = (headlines["opportunity_status"] != "open") & (headlines["closed"] != "")
    chosen = headlines[ended & headlines["opportunity"].isin(list(wanted))]
    return dict(zip(chosen["opportunity"].tolist(), chosen["closed"].tolist(), strict=True))


def _shared(column: pd.Series[Any]) -> list[Any]:
    """The values of a column, equal ones as one object: the same few stand in very many rows."""
    numbers, distinct = column.factorize()
    values = distinct.tolist()
    return [values[number] for number in numbers.tolist()]


def _proofs(
    actions: pd.DataFrame | None, wanted: set[str], names: Mapping[str, str]
) -> dict[tuple[str, str], str]:
    """The proofs of the wanted actions by partner and id."""
    if actions is None:
        return {}
    ids = pa.array(actions["id"], pa.large_string())
    found = np.asarray(pc.is_in(ids, pa.array(list(wanted), pa.large_string())), dtype=bool)
    columns = (actions[name][found].tolist() for name in ("partner", "id", "proof"))
    return {(names[partner], one): proof for partner, one, proof in zip(*columns, strict=True)}


def product_of(text: str) -> str:
    """The type of an opportunity as a word that a plan can name: "New Business" is `new-business`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return _NO_WORD.sub("-", plain).strip("-._")[:_WORD_LIMIT]


def reversal_day(books: ledger.Books, today: int) -> int:
    """The day that cancellations bear: today, or the last of the period that closes next where it is over.

    So the close that books what stands now books what no longer does, too.
    """
    versions = books.versions()
    day = books.closes[-1].as_of + 1 if books.closes else versions[0].start if versions else today
    plan = books.plan_on(day)
    return today if plan is None else min(today, payouts.period_of(day, plan.period).end - 1)


def part_rows(rows: Sequence[list[str]], earned: earnings.Earned) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of a file without those that `earned` has too, and (id, code) of those that no longer stand."""
    known, new = {row[0] for row in earned.known}, {row[0]: row for row in earned.new}
    others: list[list[str]] = []
    refused: list[list[str]] = []
    for row in rows:
        ours = len(row) == len(payouts.EVENT_COLUMNS) and earnings.is_earned(row)
        if not ours or row[0] in known:
            others.append(row)
        elif new.get(row[0]) != row:
            refused.append([row[0], "event-outdated"])
    return others, refused


def _is_late(books: ledger.Books, cells: Sequence[str], day: int) -> bool:
    """Whether the plan takes nothing back for a row any more."""
    earned = payouts.read_day(cells[1][:10])
    plan = books.plan_on(earned) if earned is not None else None
    window = plan.clawback_days if plan is not None else None
    return earned is not None and window is not None and max(day, earned) - earned > window
