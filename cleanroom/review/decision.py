"""A decision about an own account: how it is taken, and whether it still stands in a later run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from overlap.errors import Refused

#: Kind and normalised value of an own identifier.
Identifier = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """One of VERDICTS about the own account with that id, and the identifiers it was matched by, best first.

    `raised` and `seen` are as in `Position`; `run` names the run in which it was taken, at second `time`.
    """

    account: str
    verdict: str
    identifiers: tuple[Identifier, ...]
    raised: int
    seen: int
    run: str
    time: int


def standing(decision: Decision, matched: Sequence[Identifier], kinds: Sequence[str]) -> str:
    """Whether a decision about an account applies where it is matched by `matched`: "holds", "lapsed" or "".

    `matched` and `kinds` are ordered best first. An account that shares no identifier with the decision is
    another match: "". An acceptance holds while the best identifier is the one that was accepted. A rejection
    lapses when an identifier that is new is of a better kind than all that was rejected. A dispute and its
    withdrawal hold as long as one identifier is still matched.
    """
    decided = set(decision.identifiers)
    if not decided.intersection(matched):
        return ""
    if decision.verdict == "accept":
        return "holds" if matched[0] == decision.identifiers[0] else "lapsed"
    if decision.verdict == "reject":
        rank = {kind: at for at, kind in enumerate(kinds)}
        best = min(rank.get(kind, len(rank)) for kind, _ in decided)
        new = [rank.get(kind, len(rank)) for kind, value in matched if (kind, value) not in decided]
        return "lapsed" if new and min(new) < best else "holds"
    return "holds"


def decide_row(
    word: str,
    about: Decision,
    before: Decision | None,
    *,
    disputed: bool,
    partner_disputes: bool,
    next_letter: int,
) -> Decision | None:
    """The decision that `word` (one of VERDICTS) leaves about an account, or None when none is left.

    `about` says everything but the verdict; `before` is the decision that is remembered about this match.
    `disputed`: either side disputes the row; `partner_disputes`: the partner does, or has withdrawn it.
    `next_letter` is the number of our next letter. Raises Refused for a disputed row that is accepted or
    rejected, and where there is nothing to withdraw.
    """
    if word in ("accept", "reject"):
        if disputed:
            raise Refused(
                "a row in the list is disputed, and a dispute stands until both sides withdraw it",
                "run 'overlap review withdraw' for it first, and ask the partner to do the same",
            )
        return _keep_or_take(before, replace(about, verdict=word))
    if word == "dispute":
        raised = before.raised if before is not None and before.verdict == "dispute" else next_letter
        return _keep_or_take(before, replace(about, verdict=word, raised=raised))
    return _withdraw(about, before, partner_disputes, next_letter)


def _withdraw(
    about: Decision, before: Decision | None, partner_disputes: bool, next_letter: int
) -> Decision | None:
    disputes = before is not None and before.verdict in ("dispute", "withdraw")
    raised = before.raised if before is not None else 0
    if partner_disputes or (disputes and raised < next_letter):
        return _keep_or_take(before, replace(about, verdict="withdraw", raised=raised))
    if before is None:
        raise Refused(
            "there is no decision to withdraw about a row in the list",
            "'overlap review list --all' shows what was decided",
        )
    # What the partner has never heard of is simply forgotten.
    return None


def _keep_or_take(before: Decision | None, after: Decision) -> Decision:
    """The decision of before when the new one says the same, so that a repeated command changes nothing.

    What was withdrawn before the partner's newest letter is withdrawn again: it may answer a new dispute.
    """
    same = before is not None and (before.verdict, before.identifiers) == (after.verdict, after.identifiers)
    if before is None or not same or (after.verdict == "withdraw" and before.seen != after.seen):
        return after
    return before
