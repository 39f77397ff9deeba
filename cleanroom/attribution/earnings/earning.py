"""From what stands now and what pay has taken in to the events that are new, and the cancellations.

A row of ours in the ledger that still says what stands is left alone. One that does not is cancelled, and
what stands now follows under another id. Nothing is taken back for want of data: a deal or action that is not
among those imported, an amount that cannot be read, a match that has ended leave the row as it is, listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cleanroom.attribution.earnings.deals import TAKING, Due, action_due, action_in, status_dues
from cleanroom.attribution.earnings.findings import EarningFinding
from cleanroom.attribution.earnings.naming import (
    ACTION,
    KINDS,
    cancel_id,
    counted_id,
    event_id,
    is_event_id,
    shortened,
    subject_of,
)
from cleanroom.attribution.earnings.standing import StandingNow, Taken
from cleanroom.memory import uncollected

__all__ = ["Earned", "earn", "is_earned"]

_ID, _DATE, _KIND, _PARTNER, _DEAL, _ORIGINAL = 0, 1, 2, 3, 4, 8


@dataclass(frozen=True)
class Earned:
    """New rows of EVENT_COLUMNS (cancellations among them), rows of ours that were taken in before, evidence
    for both (event id, evidence, proof), and findings; each sorted."""

    new: list[list[str]]
    known: list[list[str]]
    evidence: list[list[str]]
    findings: list[EarningFinding]


def earn(now: StandingNow, taken: Taken, day: str) -> Earned:
    """What statuses and actions earn beyond what was taken in; cancellations are dated `day` (ISO text).

    A cancellation is never dated before the event that it reverses.
    """
    with uncollected():
        return _Earning(now, taken, day).run()


def is_earned(cells: Sequence[str]) -> bool:
    """Whether a row is one that `earn` made, by the form of its id."""
    if cells[_KIND] == "cancel":
        return cells[_ID] == cancel_id(cells[_ORIGINAL]) and is_event_id(cells[_ORIGINAL])
    return bool(subject_of(cells))


class _Earning:
    """One run; rows are cells of EVENT_COLUMNS."""

    def __init__(self, now: StandingNow, taken: Taken, day: str) -> None:
        self._now, self._taken, self._day = now, taken, day
        self._new: list[list[str]] = []
        self._evidence: list[list[str]] = []
        self._findings: set[EarningFinding] = set()
        everything = [*taken.rows.values(), *taken.beside]
        #: Event to the id of what cancelled it.
        self._cancelled = {row[_ORIGINAL]: row[_ID] for row in everything if row[_KIND] == "cancel"}
        self._ours = {row[_ID] for row in everything if is_earned(row)}
        self._by_hand = {
            _earns(self._cells(row))
            for row in everything
            if row[_ID] not in self._cancelled and row[_PARTNER] and row[_ID] not in self._ours
        }
        self._disputed = {
            (row.opportunity, row.partner) for row in now.statuses if row.rule == "disputed:open"
        }
        self._rows = {name: list(cells) for name, cells in taken.rows.items()}
        back = {row[_ORIGINAL] for row in everything if row[_KIND] == "refund"}
        #: What somebody took back in part.
        self._refunded = {_earns(self._cells(row)) for row in everything if row[_ID] in back}
        #: (deal, partner) that pay has ever taken in an event of ours for.
        self._known = {(row[_DEAL], self._partner(row)) for row in everything if row[_ID] in self._ours}
        #: Rows of statuses that stay though they say nothing that stands; and what actions did for them.
        self._staying: list[list[str]] = []
        self._spent: dict[tuple[str, str], str] = {}
        #: What won deals are due, by deal and partner.
        self._dues: dict[tuple[str, str], Due] = {}
        #: What rows say apart from their deal that nothing here can be told of by id any more.
        self._lost: Counter[tuple[str, ...]] = Counter()

    def _partner(self, row: Sequence[str]) -> str:
        """The name that the partner of a row has now."""
        return self._taken.names.get(row[_PARTNER], row[_PARTNER])

    def _cells(self, row: Sequence[str]) -> tuple[str, ...]:
        """The cells behind the id, under the name that the partner has now."""
        return (*row[1:_PARTNER], self._partner(row), *row[_PARTNER + 1 :])

    @cached_property
    def _long_ids(self) -> frozenset[str]:
        """The ids of actions that stand shortened in those of events, so shortened."""
        return frozenset(short for name in self._now.known if (short := shortened(name)) != name)

    def _is_imported(self, action: str) -> bool:
        """Whether an action, by its shortened id, is among those imported."""
        return action in self._now.known or action in self._long_ids

    def run(self) -> Earned:
        """Settle every (deal, partner), and every action."""
        known = sorted(list(cells) for name, cells in self._taken.rows.items() if name in self._ours)
        by_status: dict[tuple[str, str], list[list[str]]] = {}
        by_action: dict[str, list[list[str]]] = {}
        for row in known:
            if row[_KIND].startswith(ACTION) and row[_ID] not in self._cancelled:
                by_action.setdefault(subject_of(row), []).append(row)
            elif row[_KIND] != "cancel" and row[_ID] not in self._cancelled:
                by_status.setdefault((row[_DEAL], self._partner(row)), []).append(row)
        dues = self._dues
        dues.update({(due.deal, due.partner): due for due in status_dues(self._now, self._taken.since)})
        self._note_staying(by_status)
        # What is due comes in order, and little else is beside it.
        for key in sorted([*dues, *({*by_status, *self._disputed} - dues.keys())]):
            self._settle(*key, by_status.get(key, []), dues.get(key))
        acted: dict[str, list[Due]] = {}
        for one in self._now.actions:
            acted.setdefault(shortened(one.id), []).append(action_due(self._now, one, self._taken.since))
        self._drop_repeated(by_action, acted)
        for subject in sorted({*by_action, *acted}):
            self._settle_action(subject, by_action.get(subject, []), acted.get(subject, []))
        return Earned(sorted(self._new), known, sorted(self._evidence), sorted(self._findings))

    def _settle(self, deal: str, partner: str, rows: list[list[str]], due: Due | None) -> None:
        """What one deal earns one partner by its status, beside what was taken in for it."""
        code = self._leaving(deal, partner, rows, due)
        if not code and due and due.cells and self._is_spent(due, rows):
            code = "earned-before"
        if code:
            for name in [row[_ID] for row in rows] or [""]:
                self._findings.add(EarningFinding(code, deal, partner, name))
        if code and code not in TAKING:
            return
        self._replace(rows, [due] if due and due.cells else [])

    def _leaving(self, deal: str, partner: str, rows: list[list[str]], due: Due | None) -> str:
        """Why rows of one deal and partner are left as they are, whatever stands now; or a code of TAKING."""
        code = due.code if due else ""
        if deal not in self._now.products:
            merged = rows and all(self._is_merged(partner, row) for row in rows)
            return "deal-merged" if merged else "deal-gone"
        if (deal, partner) in self._disputed:
            return "disputed"
        gone = rows and any(self._is_gone(row) for row in rows if not due or due.cells[1:2] != (row[_KIND],))
        return code or ("action-gone" if gone else "")

    def _is_merged(self, partner: str, row: list[str]) -> bool:
        """Whether the action behind a row of a deal that is gone names a deal now that earns otherwise.

        A deal that only has another id earns the same by the same action: that is no merger.
        """
        action = action_in(self._taken.evidence.get(row[_ID], ""))
        deal = self._now.moved.get(action, "")
        due = self._dues.get((deal, partner))
        if due is None or not due.cells or (due.cells[1], action_in(due.evidence)) == (row[_KIND], action):
            return False
        return not self._leaving(deal, partner, [], due)

    def _settle_action(self, subject: str, rows: list[list[str]], dues: list[Due]) -> None:
        """What one action earns, beside what was taken in for it."""
        kept = []
        for row in rows:
            code = ""
            if row[_DEAL] and row[_DEAL] not in self._now.products:
                code = "deal-gone"
            elif (row[_DEAL], self._partner(row)) in self._disputed:
                code = "disputed"
            elif not self._is_imported(subject):
                code = "action-gone"
            if code:
                kept.append(row)
                self._findings.add(EarningFinding(code, row[_DEAL], row[_PARTNER], row[_ID]))
        open_ = []
        for due in dues:
            code = "disputed" if (due.deal, due.partner) in self._disputed else due.code
            if not code:
                open_.append(due)
            elif not kept:
                self._findings.add(EarningFinding(code, due.deal, due.partner, ""))
        if not kept:
            self._replace(rows, open_)

    def _note_staying(self, by_status: dict[tuple[str, str], list[list[str]]]) -> None:
        """The rows that nothing takes back: what they rest on is gone or disputed, or the window is over."""
        for (deal, partner), rows in by_status.items():
            due = self._dues.get((deal, partner))
            left = self._leaving(deal, partner, rows, due) not in ("", *TAKING)
            for row in rows:
                over = row[_ID] in self._taken.late and not (due and due.cells == self._cells(row))
                if left or over:
                    self._staying.append(row)
                    if deal not in self._now.products:
                        self._lost[self._apart(row)] += 1
                    action = action_in(self._taken.evidence.get(row[_ID], ""))
                    if action:
                        self._spent[row[_KIND], action] = row[_ID]

    def _is_spent(self, due: Due, rows: list[list[str]]) -> bool:
        """Whether what would be earned is earned already, by a row of another deal or partner that stays.

        A partner renamed after the window, or a deal that comes again under another id, is not paid twice;
        one whose actions have other ids too is known by all else that its row says.
        """
        if not (self._spent or self._staying or self._lost):
            return False
        if any(self._cells(row) == due.cells or row[_ID] in self._taken.late for row in rows):
            return False
        kind = due.cells[1]
        mine = {row[_ID] for row in rows}
        if self._spent.get((kind, action_in(due.evidence)), "") not in {"", *mine}:
            return True
        if not rows and self._is_found(due):
            return True
        source = KINDS["Sourced"]
        others = (row for row in self._staying if row[_KIND] == source and row[_ID] not in mine)
        return kind == source and any(row[_DEAL] == due.deal for row in others)

    def _drop_repeated(self, by_action: dict[str, list[list[str]]], acted: dict[str, list[Due]]) -> None:
        """Of several actions that say the same one is due: what is taken in already, else the first by id."""
        first = self._acted_before(by_action, acted)
        for subject, dues in sorted(acted.items()):
            for at, due in enumerate(dues):
                # One that was taken in beside another, while a dispute kept that, is taken back here.
                if not due.cells:
                    continue
                if first.setdefault((*_earns(due.cells), due.account), subject) != subject:
                    dues[at] = due._replace(cells=(), code="action-repeated")
                elif subject not in by_action and self._is_found(due):
                    dues[at] = due._replace(cells=(), code="earned-before")

    def _acted_before(
        self, by_action: dict[str, list[list[str]]], acted: dict[str, list[Due]]
    ) -> dict[tuple[str, ...], str]:
        """What actions that were taken in say, to the action; what cannot be told by its ids is noted."""
        first: dict[tuple[str, ...], str] = {}
        for subject, rows in sorted(by_action.items()):
            known = self._is_imported(subject)
            accounts = {due.cells: due.account for due in acted.get(subject, [])}
            for row in rows:
                cells = self._cells(row)
                if cells in accounts or (row[_DEAL] and not known):
                    first.setdefault((*_earns(cells), accounts.get(cells, "")), subject)
                if row[_DEAL] not in self._now.products and (row[_DEAL] or not known):
                    self._lost[self._apart(row)] += 1
        return first

    def _apart(self, row: Sequence[str]) -> tuple[str, ...]:
        """What a row says apart from its deal; of an action the kind, the partner and the day."""
        if row[_KIND].startswith(ACTION):
            return (row[_KIND], self._partner(row), row[_DATE][:10])
        return (*row[1:_PARTNER], self._partner(row), *row[_DEAL + 1 :])

    def _is_found(self, due: Due) -> bool:
        """Whether what is due is what a row says that was lost by its ids; each such row is found once."""
        name = self._apart(("", *due.cells)) if self._lost else ()
        if not self._lost[name]:
            return False
        self._lost[name] -= 1
        return True

    def _is_gone(self, row: list[str]) -> bool:
        """Whether the action that earned a row is not among those imported now."""
        action = action_in(self._taken.evidence.get(row[_ID], ""))
        return (
            not self._is_imported(shortened(action)) if action else self._partner(row) not in self._now.acting
        )

    def _replace(self, rows: list[list[str]], dues: list[Due]) -> None:
        """Leave what stands, cancel what does not, and earn what is new."""
        wanted = {due.cells: due for due in dues}
        standing = {self._cells(row): row[_ID] for row in rows}
        over = [row for row in rows if self._cells(row) not in wanted]
        late = [row for row in over if row[_ID] in self._taken.late]
        for row in late:
            self._findings.add(EarningFinding("outside-clawback", row[_DEAL], row[_PARTNER], row[_ID]))
        if late:
            return
        if self._refunded:
            back = [due for due in dues if due.cells not in standing and _earns(due.cells) in self._refunded]
            for due in back:
                self._findings.add(EarningFinding("refunded-by-hand", due.deal, due.partner, ""))
            if back:
                return
        for row in over:
            day = max(self._day, row[_DATE])
            name, partner, deal = row[_ID], row[_PARTNER], row[_DEAL]
            self._new.append([cancel_id(name), day, "cancel", partner, deal, "", "", "", name])
        for cells, due in wanted.items():
            name = standing.get(cells) or self._earned(due)
            if name:
                self._evidence.append([name, due.evidence, due.proof])

    def _earned(self, due: Due) -> str:
        """Earn what is due; the id of its event, or "" where somebody's hand has done so or undone it."""
        code, again = "", 0
        name = first = event_id(due.subject, due.cells)
        about = (due.deal, due.partner)
        decided = self._taken.decided.get(about)
        if self._by_hand and _earns(due.cells) in self._by_hand:
            code, name = "written-by-hand", ""
        elif decided is not None and about not in self._known and due.cells[0][:10] <= decided:
            code, name = "decided", ""
        while not code:
            name = counted_id(first, again)
            row = self._rows.get(name)
            if row is None:
                break
            # An id that says the same of another partner, or was cancelled by us, is passed over.
            mine = self._partner(row) == due.partner and self._cells(row) == due.cells
            if mine and self._cancelled.get(name) != cancel_id(name):
                code = "cancelled-by-hand"
            again += 1
        if code:
            self._findings.add(EarningFinding(code, due.deal, due.partner, name))
            return ""
        row = self._rows[name] = [name, *due.cells]
        self._new.append(row)
        return name


def _earns(cells: Sequence[str]) -> tuple[str, str, str, str]:
    """What an event pays for, from its cells behind the id: kind, partner, deal, and of an action the day."""
    day, kind, partner, deal = cells[:4]
    return kind, partner.casefold(), deal, day[:10] if kind.startswith(ACTION) else ""
