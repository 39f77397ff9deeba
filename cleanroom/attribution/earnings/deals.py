"""What each won deal earns whom, by its statuses: the cells of an event behind its id, or a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from cleanroom.attribution import payouts
from cleanroom.attribution.acted import Acted
from cleanroom.attribution.actions import digest_in
from cleanroom.attribution.earnings.naming import ACTION, KINDS, is_readable, shortened
from cleanroom.attribution.earnings.standing import StandingNow, StatusNow
from cleanroom.attribution.holding import Holding

__all__ = ["TAKING", "Due", "action_due", "action_in", "status_dues"]

#: Codes that say that nothing is earned; with any other, what was earned before is not taken back either.
TAKING: Final = ("amount-zero", "before-plan", "deal-merged")
_ACTION_IN: Final = " action="


class Due(NamedTuple):
    """What a subject earns a partner: `cells` of EVENT_COLUMNS behind the id, () with a `code` of why not:
    one of EARNING_FINDINGS. `account` is that of an action without a deal.
    """

    subject: str
    deal: str
    partner: str
    cells: tuple[str, ...]
    evidence: str
    proof: str
    code: str = ""
    account: str = ""


def status_dues(now: StandingNow, since: str = "") -> Iterator[Due]:
    """One for each (won deal, partner) with a status that earns, by deal and partner.

    What is of a day before `since` is not due.
    """
    won = [row for row in now.statuses if row.won and row.partner]
    won.sort(key=attrgetter("opportunity", "partner"))
    for _, of_deal in groupby(won, key=attrgetter("opportunity")):
        rows = list(of_deal)
        kept = {row.partner for row in rows if row.kept and row.status == "Sourced"}
        splitting = [row.partner for row in rows if row.share_of > 1 and not row.kept]
        for row in rows:
            if row.status in KINDS:
                due = _due(now, row, splitting, bool(kept - {row.partner}))
                past = due.cells and row.closed[:10] < since
                yield due._replace(cells=(), code="before-plan") if past else due


def action_due(now: StandingNow, one: Acted, since: str = "") -> Due:
    """What a proven action earns: an event without an amount.

    One of a day before `since` is due while its deal may still be parted by it.
    """
    kind = f"{ACTION}{one.type}"
    holding = now.holdings.get((one.partner, one.account))
    evidence = _evidence(kind, one.rules, holding, one.id)
    digest = digest_in(one.proof)
    readable = one.id and all(map(is_readable, (one.deal, one.partner)))
    cells = (one.day, kind, one.partner, one.deal, "", "", "", "") if readable else ()
    proof = f"sha256:{digest}" if digest else ""
    code = "" if readable else "text-unreadable"
    if readable and one.day[:10] < since and (not one.deal or now.closed.get(one.deal, since)[:10] < since):
        cells, code = (), "before-plan"
    account = "" if one.deal else one.account
    return Due(one.id, one.deal, one.partner, cells, evidence, proof, code, account)


def action_in(evidence: str) -> str:
    """The action that a text of evidence names, or ""."""
    return evidence.partition(_ACTION_IN)[2]


def _evidence(rule: str, rules: str, holding: Holding | None, action: str) -> str:
    """On what an event rests: ids and digests in a fixed form, the action's id last."""
    named = action if is_readable(action) else shortened(action)
    return f"rule={rule} rules={rules} grade={holding.grade if holding else 'none'}{_ACTION_IN}{named}"


def _due(now: StandingNow, row: StatusNow, splitting: Sequence[str], source_kept: bool) -> Due:
    kind = KINDS[row.status]
    action = row.action
    holding = now.holdings.get((row.partner, row.account))
    digest = holding.proof if row.rule == "sourced:held-first" and holding else ""
    if action and not digest:
        digest = digest_in(now.proofs.get((row.partner, action), ""))
    evidence = _evidence(row.rule, row.rules, holding, action)
    minor, amount, code = _amount(row.amount, row.currency)
    if row.kept:
        code = "match-ended"
    elif source_kept and kind == "sourced":
        code = "source-kept"
    elif not row.closed:
        code = "no-closed"
    elif not (is_readable(row.opportunity) and is_readable(row.partner)):
        code = "text-unreadable"
    if not code and row.share_of > 1 and kind == "sourced":
        minor = payouts.share_out(minor, dict.fromkeys(splitting, 1))[row.partner]
        amount, code = payouts.amount_text(minor, row.currency), "" if minor else "amount-zero"
    product = now.products.get(row.opportunity, "")
    cells = (row.closed, kind, row.partner, row.opportunity, product, amount, row.currency, "")
    shown = f"sha256:{digest}" if digest else ""
    name = row.opportunity
    return Due(name, name, row.partner, () if code else cells, evidence, shown, code)


@lru_cache(maxsize=1_024)
def _amount(text: str, currency: str) -> tuple[int, str, str]:
    """Minor units of a deal, as an event writes them, and a code of what is wrong with them.

    The partners of a deal come one after the other, so that its amount is read once for all.
    """
    if not text:
        return 0, "", "amount-unreadable"
    if not currency:
        return 0, "", "no-currency"
    exponent = payouts.exponent_of(currency)
    if exponent is None:
        return 0, "", "unknown-currency"
    try:
        minor = payouts.read_amount(text, exponent)
    except ValueError:
        return 0, "", "amount-too-fine"
    if minor is None:
        return 0, "", "amount-unreadable"
    code = "amount-negative" if minor < 0 else "" if minor else "amount-zero"
    return minor, payouts.amount_text(minor, currency), code
