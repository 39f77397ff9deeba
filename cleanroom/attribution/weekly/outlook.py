"""Which open deals are at risk and which are safe, each with its reasons: facts and no probability.

A deal is at risk when one fact speaks against it, safe when none does and all that is asked is known, and
unclear otherwise. How long is usual comes from our own won deals; docs/weekly.md has every reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.rules import plain_stage
from cleanroom.attribution.classification.statuses import EARNING, RULES, STATUSES
from cleanroom.attribution.classification.times import DAY, NEVER, spans
from cleanroom.attribution.weekly.desk import Deal, Desk, Done, money_of, newest
from cleanroom.attribution.weekly.steps import step_in_force
from cleanroom.moment import iso_day
from cleanroom.number import count_of

#: Verdict to what it means, the first to be looked at first.
VERDICTS: Final = {
    "at risk": "a fact speaks against it",
    "unclear": "nothing speaks against it, and something is not known",
    "safe": "nothing speaks against it, and a partner that earned its status works on it",
}

#: Won deals from which on they tell how long is usual.
FEWEST_WON: Final = 5

_NAMED: Final = 3
_RULES: Final = tuple(RULES)


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact; `side` is `risk` (it speaks against the deal), `doubt` (something is not known) or `for`."""

    code: str
    side: str
    says: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """An open deal with its verdict, its headline status and every reason; money as in an item."""

    opportunity: str
    account: str
    owner: str
    verdict: str
    status: str
    reasons: tuple[Reason, ...]
    amount: str
    currency: str

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The reasons of its verdict."""
        side = {"at risk": "risk", "unclear": "doubt"}.get(self.verdict, "for")
        return tuple(one for one in self.reasons if one.side == side)


def outlook_of(desk: Desk, partner: str = "") -> tuple[Outlook, ...]:
    """Every open deal, by verdict and then the most money of each currency first.

    With `partner` only deals that it is on, judged by what is its own: nobody else's facts show through.
    """
    usual = Usual(desk.judged)
    rules = _rules_of(desk)
    on: dict[str, list[tuple[str, str]]] = {}
    for (opportunity, name), status in desk.statuses.items():
        if status != "Unattributed" and partner in ("", name):
            on.setdefault(opportunity, []).append((name, status))
    found = []
    for deal in desk.deals.values():
        pairs = sorted(on.get(deal.id, []))
        if not deal.open or (partner and not pairs):
            continue
        status = min((each for _, each in pairs), key=STATUSES.index, default="Unattributed")
        names = [name for name, each in pairs if each == status]
        reasons = (
            *_of_status(deal, status, names, rules),
            *(_of_partners(desk, deal, [name for name, _ in pairs], names) if pairs else ()),
            *usual.reasons(deal, desk.today),
        )
        sides = {one.side for one in reasons}
        verdict = "at risk" if "risk" in sides else "unclear" if "doubt" in sides else "safe"
        money = money_of(deal)
        found.append(Outlook(deal.id, deal.account, deal.owner, verdict, status, reasons, *money))
    return tuple(sorted(found, key=_order))


class Usual:
    """How long won deals took, and how long they stood in each stage."""

    def __init__(self, judged: Judged) -> None:
        self._judged = judged
        self._won = {
            name
            for name, said in zip(
                judged.deals.ids.to_pylist(), texts(judged.deals.frame, "status").to_pylist(), strict=True
            )
            if said == "won"
        }

    def reasons(self, deal: Deal, today: int) -> Iterator[Reason]:
        """What the deal's time in its stage, or its age without a history, and its close date say."""
        stay = self._standing.get(deal.id)
        days = [] if stay is None else self._stays.get(plain_stage(stay[0]), [])
        if stay is not None and len(days) >= FEWEST_WON:
            took, most = today - stay[1], nine_in_ten(days)
            side = "risk" if took > most else "for"
            stood = f"{count_of(took, 'day')} in {plain_cell(stay[0])}"
            said = f"{stood}; 9 in 10 of {len(days):,} won deals left it"
            yield Reason("stage-age", side, f"{said} within {count_of(most, 'day')}")
        elif deal.created is not None and len(self._ages) >= FEWEST_WON:
            took, most = today - deal.created, nine_in_ten(self._ages)
            side = "risk" if took > most else "for"
            said = f"open for {count_of(took, 'day')}; 9 in 10 of {len(self._ages):,} won deals closed"
            yield Reason("deal-age", side, f"{said} within {count_of(most, 'day')}")
        elif deal.created is None:
            yield Reason("no-comparison", "doubt", "the deal has no usable day of creation")
        else:
            said = f"{len(self._ages)} won deals tell how long is usual; {FEWEST_WON} are needed"
            yield Reason("no-comparison", "doubt", said)
        passed = self._close_dates.get(deal.id)
        if passed is not None and passed < today:
            yield Reason("close-passed", "risk", f"its close date {iso_day(passed)} has passed")

    @cached_property
    def _ages(self) -> list[int]:
        """Days from creation to close of won deals."""
        deals = self._judged.deals
        times = zip(deals.ids.to_pylist(), deals.created[0].tolist(), deals.ended[0].tolist(), strict=True)
        return [
            end // DAY - start // DAY
            for name, start, end in times
            if name in self._won and NEVER not in (start, end) and end >= start
        ]

    @cached_property
    def _close_dates(self) -> dict[str, int]:
        """The close date that an open deal names."""
        deals = self._judged.deals
        closed, _ = spans(texts(deals.frame, "closed"))
        written = zip(deals.ids.to_pylist(), closed.tolist(), strict=True)
        return {name: second // DAY for name, second in written if second != NEVER}

    @cached_property
    def _entries(self) -> dict[str, list[tuple[int, str]]]:
        """Deal to its changes of stage, in their order; one into the stage where it stands is none."""
        frame, now = self._judged.pipeline.stages, self._judged.pipeline.now
        starts = spans(texts(frame, "entered"))[0].tolist()
        names = (texts(frame, name).to_pylist() for name in ("opportunity_id", "stage"))
        rows: dict[str, list[tuple[int, str]]] = {}
        for deal, stage, start in zip(*names, starts, strict=True):
            if start != NEVER and start <= now:
                rows.setdefault(deal, []).append((start, stage))
        found: dict[str, list[tuple[int, str]]] = {}
        for deal, entries in rows.items():
            kept = found.setdefault(deal, [])
            for start, stage in sorted(entries):
                if not kept or plain_stage(kept[-1][1]) != plain_stage(stage):
                    kept.append((start, stage))
        return found

    @cached_property
    def _stays(self) -> dict[str, list[int]]:
        """Stage to the days that won deals stood in it, one for each won deal and stay."""
        deals = self._judged.deals
        shut = self._judged.pipeline.book.newest.closed_stages
        found: dict[str, list[int]] = {}
        for name, end in zip(deals.ids.to_pylist(), deals.ended[0].tolist(), strict=True):
            if name not in self._won or end == NEVER:
                continue
            entries = [one for one in self._entries.get(name, []) if one[0] <= end]
            for at, (start, stage) in enumerate(entries):
                leave = entries[at + 1][0] if at + 1 < len(entries) else end
                if (plain := plain_stage(stage)) not in shut:
                    found.setdefault(plain, []).append(leave // DAY - start // DAY)
        return found

    @cached_property
    def _standing(self) -> dict[str, tuple[str, int]]:
        """Deal to the stage of its newest entry and the day of it."""
        return {deal: (rows[-1][1], rows[-1][0] // DAY) for deal, rows in self._entries.items() if rows}


def nine_in_ten(days: Sequence[int]) -> int:
    """The least number of days within which nine in ten stayed (nearest rank); of up to nine, the longest."""
    return sorted(days)[-(-9 * len(days) // 10) - 1]


def _of_status(
    deal: Deal, status: str, names: Sequence[str], rules: dict[tuple[str, str], str]
) -> Iterator[Reason]:
    who = _named(names)
    if status in EARNING:
        yield Reason("status", "for", f"{status} by {who}")
    elif status == "Disputed":
        yield Reason("disputed", "risk", f"Disputed for {who}: {RULES[rules[deal.id, names[0]]]}")
    elif status == "Attached":
        yield Reason("attached", "risk", f"only Attached: no action of {who} counts now")
    else:
        yield Reason("no-partner", "doubt", "no partner is on it")


def _of_partners(desk: Desk, deal: Deal, partners: Sequence[str], leading: Sequence[str]) -> Iterator[Reason]:
    """When the partners that lead last did something, and the next joint step of anybody on the deal."""
    last: Done | None = newest(one for name in leading for one in _there(desk, deal, name))
    if last is None:
        yield Reason("silent", "risk", f"no action of {_named(leading)} is logged here")
    elif desk.today - last.day > desk.clocks.inactive:
        since = count_of(desk.today - last.day, "day")
        said = f"no action of {_named(leading)} for {since}; the last was {last.type} of {iso_day(last.day)}"
        yield Reason("silent", "risk", said)
    else:
        said = f"the last action of {last.partner} was {last.type} of {iso_day(last.day)}"
        yield Reason("acted", "for", said)
    in_force = [step for name in partners if (step := step_in_force(_there(desk, deal, name)))]
    coming = [one for one in in_force if one.due is None or one.due >= desk.today]
    if coming:
        step = min(coming, key=lambda one: (one.due is None, one.due or 0, one.id))
        when = f"due {iso_day(step.due)}" if step.due is not None else "without a day"
        said = f"next joint step with {step.partner}: {plain_cell(step.step) or 'not named'}, {when}"
        yield Reason("step", "for", said)
    elif in_force:
        step = max(in_force, key=lambda one: (one.due or 0, one.id))
        due = step.due or 0
        named = plain_cell(step.step) or "the next joint step"
        said = f"{named} was due {iso_day(due)} with {step.partner}, {count_of(desk.today - due, 'day')} ago"
        yield Reason("step-overdue", "risk", said)
    else:
        yield Reason("no-next-step", "risk", "no next joint step is agreed")


def _there(desk: Desk, deal: Deal, partner: str) -> list[Done]:
    """What a partner did on the deal, or on its account."""
    return [
        *desk.by_subject.get((partner, deal.id, deal.account), []),
        *(desk.by_subject.get((partner, "", deal.account), []) if deal.account else []),
    ]


def _rules_of(desk: Desk) -> dict[tuple[str, str], str]:
    """(opportunity, partner) to the rule of a Disputed status."""
    judged, ids = desk.judged, list(desk.deals)
    return {
        (ids[deal], judged.partners[partner]): _RULES[rule]
        for deal, partner, rule in zip(judged.pairs.deal, judged.pairs.partner, judged.rule, strict=True)
        if _RULES[rule].startswith("disputed:")
    }


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(plain_cell(one) for one in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _order(one: Outlook) -> tuple[object, ...]:
    money = one.currency == "", one.currency, -Decimal(one.amount or 0)
    return list(VERDICTS).index(one.verdict), *money, one.opportunity
