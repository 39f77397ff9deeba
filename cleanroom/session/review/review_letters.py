"""Decisions on their way: our positions on a run as a letter for its partner, and the partner's taken in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from cleanroom.receipts import REVIEW, read_statement
from cleanroom.review import Announced, read_announced, write_announced
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.post.letters import LETTER_LIMIT, Letter, read_letter, write_letter
from cleanroom.session.review.reviewing import describe_renewals, find_overlap_run, shares_to_renew
from cleanroom.session.review.reviews import keep_memory, read_memory, release_state, run_tokens, told_digest
from overlap.errors import WrongRun


@dataclass(frozen=True)
class ReviewSent:
    """Our decisions as written for the partner: letter number and pair tokens by verdict."""

    run: str
    partner: str
    sequence: int
    verdicts: dict[str, int]


@dataclass(frozen=True)
class ReviewTaken:
    """The partner's decisions as taken in. `known`: this letter was here already."""

    run: str
    partner: str
    sequence: int
    verdicts: dict[str, int]
    accounts: int
    known: bool
    renew: list[str]


def export_review(party: Party, run: str, out: Path) -> ReviewSent:
    """Write our decisions on a run, by pair token, as a letter for its partner to `out`."""
    record = find_overlap_run(party, run)
    party.verified_card_of(record.partner)
    memory = read_memory(party, record.partner)
    state = release_state(party, record, memory)
    told = told_digest(state, run_tokens(party, record))
    memory = replace(memory, sent=memory.sent + 1, told=told)
    letter = Announced(record.run, memory.sent, memory.taken, state.ours)
    body = write_announced(letter, record.agreement, record.terms.digest, party.keys)
    party.note(record.partner, "review", sent=bytes.fromhex(record.run), decisions=len(state.ours))
    # The number first: it is never given to two letters, also when this command is killed here.
    keep_memory(party, record.partner, memory)
    write_whole(out, write_letter(party, record.partner, "review", body))
    return ReviewSent(record.run, record.partner, memory.sent, _verdicts(letter))


def import_review(party: Party, source: Path) -> ReviewTaken:
    """Take in the partner's decisions; WrongRun when the file is another letter."""
    letter = read_letter(party, read_whole(source, LETTER_LIMIT))
    if letter.kind != "review":
        raise WrongRun(f"the letter holds a {letter.kind}, no decisions", "take it in with 'overlap receive'")
    return take_review(party, letter)


def take_review(party: Party, letter: Letter) -> ReviewTaken:
    """Remember the partner's positions by our own identifiers. Raises BadPeerFile, and Refused when older."""
    statement = read_statement(letter.body, [party.card_of(letter.partner)], REVIEW)
    announced = read_announced(statement)
    record = _run_with(party, letter.partner, announced.run)
    bound = {"agreement": record.agreement, "contract": record.terms.digest.hex()}
    if dict(statement.subject) != bound:
        raise WrongRun("the decisions are bound to another contract than the run", "ask for the file again")
    tokens = run_tokens(party, record)
    names = zip(tokens["kind"].tolist(), tokens["value"].tolist(), strict=True)
    identifiers = dict(zip(tokens["token"].tolist(), names, strict=True))
    before = read_memory(party, letter.partner)
    after = before.taking(announced, statement.digest.hex(), identifiers)
    if after is not before:
        run, number = bytes.fromhex(record.run), len(announced.positions)
        party.note(letter.partner, "review", run=run, received=statement.digest, decisions=number)
        keep_memory(party, letter.partner, after)
    accounts = tokens.loc[tokens["token"].isin(list(announced.positions)), "account"].nunique()
    return ReviewTaken(
        record.run,
        letter.partner,
        announced.sequence,
        _verdicts(announced),
        int(accounts),
        after is before,
        shares_to_renew(party, letter.partner),
    )


def describe_taken(taken: ReviewTaken) -> list[str]:
    """What a letter of decisions means, as lines."""
    words = ", ".join(f"{count:,} {word}" for word, count in taken.verdicts.items()) or "no decision"
    lines = [f"letter {taken.sequence} on run {taken.run}: {words} by pair token"]
    if taken.known:
        return [*lines, "already received; nothing changes"]
    return [*lines, f"{taken.accounts:,} of our accounts are concerned", *describe_renewals(taken.renew)]


def _run_with(party: Party, partner: str, run: str) -> RunRecord:
    for record in all_runs(party):
        known = (record.run, record.partner, record.level, record.state)
        if known == (run, partner, "overlaps", "finished"):
            return record
    raise WrongRun(
        "the decisions are about a run that we did not finish with this partner",
        "finish the run first, or ask for the decisions of your own run",
    )


def _verdicts(announced: Announced) -> dict[str, int]:
    return dict(sorted(Counter(one.verdict for one in announced.positions.values()).items()))
