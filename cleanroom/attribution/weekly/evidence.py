"""What records lack, what they would become with it, and which deals are disputed for another reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from cleanroom.attribution.actions.menu import REQUIREMENTS, plain_type
from cleanroom.attribution.classification.engine import Judged, judge_pipeline
from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.classification.facts import lacking_words
from cleanroom.attribution.classification.pipeline import Pipeline, texts
from cleanroom.attribution.classification.statuses import RULES, STATUSES
from cleanroom.attribution.weekly.desk import Deal, Desk, money_of
from cleanroom.attribution.weekly.item import Item
from cleanroom.moment import iso_day

#: Findings of actions that count for nothing until a field is filled: code to the field.
_FIELDS: Final = {"no-partner": "partner", "unknown-type": "type", "no-date": "date"}

#: Rules of Disputed that are no missing evidence, and what is to be done.
_DECIDE: Final = {
    "disputed:rivals": "several partners sourced the deal and none proves it was first: decide who did",
    "disputed:late-logging": "it was logged too late to count: decide, or leave the claim out",
    "disputed:contradiction": "the stage history shows no late stage on its day: correct date or stages",
    "disputed:open": "a dispute is open: decide it",
}

_RULES: Final = tuple(RULES)
_DIGEST: Final = "sha256:" + "0" * 64
_DAY: Final = 86_400


def evidence_items(desk: Desk) -> Iterator[Item]:
    """Claims that dispute a deal, actions that count for nothing, and claims unproven on open deals."""
    judged = desk.judged
    disputing = np.flatnonzero(judged.rule == _RULES.index("disputed:evidence"))
    would = with_evidence(judged, disputing)
    for pair in disputing.tolist():
        deal, partner, at = _facts(desk, pair)
        act = _words(desk, at)
        status = would[deal.id, partner]
        becomes = f"with it {status}" if status != "Disputed" else "still Disputed with it, by rivals"
        what = f"{act} lacks {_lacks(judged, at)}; {becomes}"
        yield _item(desk, "missing-evidence", deal, partner, what, at)
    yield from _without_fields(desk)
    yield from _unproven(desk, set(judged.deciding[disputing].tolist()))


def disputed_items(desk: Desk, listed: set[tuple[str, str]]) -> Iterator[Item]:
    """Disputed for another reason; `listed` are (opportunity, partner) whose dispute has a clock."""
    judged = desk.judged
    for name, what in _DECIDE.items():
        for pair in np.flatnonzero(judged.rule == _RULES.index(name)).tolist():
            deal, partner, at = _facts(desk, pair)
            if name == "disputed:open" and (deal.id, partner) in listed:
                continue
            about = f"{_words(desk, at)}: " if at >= 0 else ""
            yield _item(desk, "disputed", deal, partner, f"{about}{what}", at)


def with_evidence(judged: Judged, pairs: np.ndarray) -> dict[tuple[str, str], str]:
    """What each of these pairs would be once all of their claims had what their types require."""
    if not len(pairs):
        return {}
    at = judged.deciding[pairs]
    other = judge_pipeline(_filled(judged, judged.meetings.act[at], judged.meetings.lacks[at]))
    # The same deals and partners stand in both, in one order.
    ids = other.deals.ids
    keys = {
        (ids[int(deal)].as_py(), other.partners[partner]): STATUSES[word]
        for deal, partner, word in zip(other.pairs.deal, other.pairs.partner, other.status, strict=True)
    }
    wanted = zip(judged.pairs.deal[pairs], judged.pairs.partner[pairs], strict=True)
    names = [(ids[int(deal)].as_py(), judged.partners[partner]) for deal, partner in wanted]
    return {name: keys[name] for name in names}


def _filled(judged: Judged, acts: np.ndarray, lacks: np.ndarray) -> Pipeline:
    """The pipeline with what these actions lack, as if it had always been there."""
    frame = judged.pipeline.actions
    assert frame is not None
    needed = np.zeros(len(frame), np.int64)
    np.bitwise_or.at(needed, acts, lacks)
    columns = {name: texts(frame, name).to_pylist() for name in REQUIREMENTS if name != "digest"}
    dates = texts(frame, "date").to_pylist()
    for place in np.flatnonzero(needed).tolist():
        for bit, name in enumerate(REQUIREMENTS):
            if not needed[place] >> bit & 1:
                continue
            if name == "logged":
                columns[name][place] = dates[place]
            elif name == "digest":
                columns["proof"][place] += f" {_DIGEST}"
            else:
                columns[name][place] = columns[name][place].strip() or "x"
    return replace(judged.pipeline, actions=frame.assign(**columns))


def _without_fields(desk: Desk) -> Iterator[Item]:
    """Actions on a deal or account with a deal that count for nothing for want of a field."""
    judged = desk.judged
    found = judged.findings
    found = found[(found["what"] == "action") & found["code"].isin(list(_FIELDS))]
    if found.empty:
        return
    frame = judged.pipeline.actions
    names = ("id", "account_id", "partner", "type", "owner")
    columns = {name: texts(frame, name).to_pylist() for name in names}
    rows: dict[tuple[int, str], list[int]] = {}
    for place, (row, name) in enumerate(zip(judged.acts.rows.tolist(), columns["id"], strict=True)):
        rows.setdefault((row, name), []).append(place)
    ids = judged.deals.ids
    for row, name, code in sorted(set(zip(found["row"], found["id"], found["code"], strict=True))):
        for place in rows[int(row), name]:
            at = int(judged.acts.deal[place])
            account = columns["account_id"][place]
            deal = desk.deals[ids[at].as_py()] if at >= 0 else desk.leading(account)
            if deal is None:
                continue
            kind = plain_cell(plain_type(columns["type"][place])) or "an action"
            gap = f"a usable {_FIELDS[code]}"
            if code == "unknown-type":
                gap = "a type of the menu" if columns["type"][place].strip() else "a type"
            amount, currency = money_of(deal)
            yield Item(
                "missing-field",
                judged.pipeline.book.partner(columns["partner"][place]),
                deal.id,
                deal.account,
                f"{kind} ({plain_cell(name)}) lacks {gap}; until then it counts for nothing",
                columns["owner"][place].strip() or deal.owner,
                iso_day(desk.next_review),
                amount,
                currency,
                name,
            )


def _unproven(desk: Desk, told: set[int]) -> Iterator[Item]:
    """Claims on open deals that are no proof, beside what gives the status."""
    judged = desk.judged
    meetings = judged.meetings
    weak = (meetings.lacks & (1 << len(REQUIREMENTS)) - 1) > 0
    pairs = judged.pairs.of_meeting
    for at in np.flatnonzero(weak & ~judged.deals.won_or_lost[meetings.deal]).tolist():
        pair = int(pairs[at])
        if at in told or _RULES[judged.rule[pair]] == "disputed:evidence":
            continue
        deal, partner, _ = _facts(desk, pair)
        status = STATUSES[judged.status[pair]]
        what = f"{_words(desk, at)} lacks {_lacks(judged, at)}; the status stays {status} without it"
        yield _item(desk, "unproven", deal, partner, what, at)


def _facts(desk: Desk, pair: int) -> tuple[Deal, str, int]:
    """Deal, partner and deciding meeting of a pair."""
    judged = desk.judged
    name = judged.deals.ids[int(judged.pairs.deal[pair])].as_py()
    return desk.deals[name], judged.partners[judged.pairs.partner[pair]], int(judged.deciding[pair])


def _words(desk: Desk, at: int) -> str:
    """The action of a meeting: its type, id and day."""
    acts = desk.judged.acts
    act = int(desk.judged.meetings.act[at])
    kind, name = desk.judged.menu.names[acts.type[act]], plain_cell(acts.ids[act].as_py())
    return f"{kind} ({name}) of {iso_day(int(acts.happened[0][act]) // _DAY)}"


def _lacks(judged: Judged, at: int) -> str:
    return ", ".join(lacking_words(int(judged.meetings.lacks[at])))


def _item(desk: Desk, code: str, deal: Deal, partner: str, what: str, at: int) -> Item:
    """An item about a pair, due so many days after its action was known."""
    acts, owner, name, due = desk.judged.acts, "", "", desk.next_review
    if at >= 0:
        act = int(desk.judged.meetings.act[at])
        name = acts.ids[act].as_py()
        owner = desk.owners[act]
        known = max(int(acts.happened[0][act]), int(acts.logged[0][act]))
        due = known // _DAY + desk.clocks.dispute
    amount, currency = money_of(deal)
    return Item(
        code, partner, deal.id, deal.account, what, owner or deal.owner, iso_day(due), amount, currency, name
    )
