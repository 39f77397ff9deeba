"""What we know about each partner's claim on each matched account, for the credit decision."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping

from cleanroom.attribution import (
    BUNDLE_LIMIT,
    SLOTS,
    Evidence,
    Failed,
    Holding,
    Verified,
    epoch_times,
    verify_bundle,
)
from cleanroom.session.agreement.agreements import agreement_with_digest
from cleanroom.session.attribution.claim_roots import Received, own_commitments, received_commitments
from cleanroom.session.attribution.claim_terms import terms_with
from cleanroom.session.attribution.claim_verifying import clocks_of, known_about, logged_receipts
from cleanroom.session.attribution.claim_witnessing import cards_of, is_contradicted
from cleanroom.session.attribution.claiming import read_own_opening
from cleanroom.session.attribution.claims_log import own_checkpoints
from cleanroom.session.attribution.disclosed import first_told
from cleanroom.session.folder import read_whole
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.store import read_table
from overlap.errors import BadInput

#: The purpose that an agreement must name before a match counts for credit.
ATTRIBUTION = "attribution"


def gather_evidence(party: Party) -> list[Evidence]:
    """One piece for each matched own account and finished run whose agreement is for attribution too."""
    return [item for _, items in evidence_by_run(party) for item in items]


def evidence_by_run(party: Party) -> list[tuple[RunRecord, list[Evidence]]]:
    """Each finished run whose agreement is for attribution, with one piece for each matched own account."""
    runs: dict[str, list[RunRecord]] = {}
    for record in runs_for_credit(party):
        runs.setdefault(record.partner, []).append(record)
    return [pair for partner in runs for pair in _from_partner(party, partner, runs[partner])]


def own_holdings(
    party: Party, partner: str, accounts: Mapping[str, Collection[str]] | None = None
) -> list[Holding]:
    """Since when our own accounts are in every epoch of ours, by clocks that this partner believes.

    "First" compares two sides, so ours are graded as a partner's are: `witnessed` by m witnesses of the
    terms, a countersignature of the partner or a token, else `asserted`. Sorted by account.

    `accounts` are those asked about, with the texts of their keys, by which an epoch has them whatever their
    id was then; None asks about all of the newest epoch by id.
    """
    clocks = clocks_of(cards_of(party, partner), terms_with(party, partner))
    epochs = [one.epoch for one in own_commitments(party)]
    times = epoch_times(own_checkpoints(party), {}, clocks, epochs)
    since: dict[str, int] = {}
    going = None if accounts is None else {name: {name, *keys} for name, keys in accounts.items()}
    for epoch in reversed(epochs):
        rows = read_own_opening(party, epoch).rows
        if going is None:
            going = {row[0]: {row[0]} for row in rows}
        held = {mark for row in rows for mark in row[: 1 + len(SLOTS)]}
        going = {name: marks for name, marks in going.items() if not marks.isdisjoint(held)}
        since |= dict.fromkeys(going, epoch)
    found = []
    for account, epoch in sorted(since.items()):
        proven = times.get(epoch)
        grade = "witnessed" if proven else "asserted"
        found.append(Holding(party.name, account, grade, proven.time if proven else None, ""))
    return found


def unused_partners(party: Party) -> list[str]:
    """Partners with whom accounts were matched, but under no agreement that is for attribution."""
    used = {record.partner for record in runs_for_credit(party)}
    return sorted({record.partner for record in _finished(party)} - used)


def runs_for_credit(party: Party) -> list[RunRecord]:
    """The finished runs whose agreement is for attribution, ended ones too."""
    return [record for record in _finished(party) if is_for_attribution(party, record)]


def is_for_attribution(party: Party, record: RunRecord) -> bool:
    """Whether both have signed that what the run told may be used to decide credit."""
    return ATTRIBUTION in agreement_with_digest(party, record.agreement).agreement.terms.purposes


def has_ended(party: Party, record: RunRecord) -> bool:
    """Whether the agreement of a run is over, by the latest time that we know."""
    return party.time_with(record.partner) >= agreement_with_digest(party, record.agreement).until


def _finished(party: Party) -> list[RunRecord]:
    return [record for record in all_runs(party) if (record.state, record.level) == ("finished", "overlaps")]


def _from_partner(
    party: Party, partner: str, runs: list[RunRecord]
) -> Iterator[tuple[RunRecord, list[Evidence]]]:
    """The evidence of all runs with one partner, whose log and other runs are read once."""
    received = received_commitments(party, partner)
    # Without a commitment nobody wins by holding, and the log is long.
    told = first_told(party, partner, by_log=bool(received))
    logged = logged_receipts(party, partner, received)
    for record in runs:
        yield record, list(_from_run(party, record, told[record.run], logged))


def _from_run(
    party: Party, record: RunRecord, told: dict[int, int], logged: set[tuple[bytes, int]]
) -> Iterator[Evidence]:
    place = party.folder.path("runs", record.run)
    accounts = read_table(place / "accounts.parquet")
    state = release_state(party, record)
    overlap, tokens = state.shown, read_table(place / "tokens.parquet")
    tokens = tokens[~tokens["token"].isin(list(state.suppressed))]
    bound = _bound(party, record, logged)
    outcomes, proof = _outcomes(party, record, bound, logged)
    contradicted = is_contradicted(party, record.partner)
    by_account: dict[int, list[str]] = {}
    for account, token in zip(tokens["account"].tolist(), tokens["token"].tolist(), strict=True):
        by_account.setdefault(account, []).append(token)
    ids, columns = accounts["id"].tolist(), (overlap[name].tolist() for name in ("account", "token", "tier"))
    for account, token, tier in zip(*columns, strict=True):
        proven = next((outcomes[one] for one in by_account[account] if one in outcomes), None)
        yield Evidence(
            partner=record.partner,
            account=ids[account],
            token=proven.token if proven else token,
            tier=tier,
            committed_at=_committed_at(proven, bound),
            disclosed_at=told[account],
            stated_at=bound.stated_at if bound else None,
            outcome=proven,
            contradicted=contradicted,
            proof=proof if proven else "",
        )


def _bound(party: Party, record: RunRecord, logged: set[tuple[bytes, int]]) -> Received | None:
    """The partner's commitment that the contract of the run names, if we have received it.

    Raises BadInput when our log does not say that it came at that second: the second decides credit, and the
    record that holds it can be edited by whoever can write a file.
    """
    side = record.terms.responder if record.role == "starter" else record.terms.starter
    for received in received_commitments(party, record.partner):
        if received.commitment.root.hex() != side.claim_root:
            continue
        if (received.commitment.digest, received.received_at) not in logged:
            raise BadInput(
                "the log does not confirm when a commitment was received",
                "restore the folder, then verify the log",
            )
        return received
    return None


def _committed_at(proven: Verified | Failed | None, bound: Received | None) -> int | None:
    """The proven time of a claim that holds; of any other when we received what the contract names."""
    if isinstance(proven, Verified):
        return proven.committed_at
    return bound.received_at if bound else None


def _outcomes(
    party: Party, record: RunRecord, bound: Received | None, logged: set[tuple[bytes, int]]
) -> tuple[dict[str, Verified | Failed], str]:
    """Pair token to the verdict on the partner's claim, and the digest of the bundle it sent for this run.

    A bundle is judged as of the second at which it came.
    """
    place = party.folder.path("claims", "proofs", record.partner, record.run)
    if bound is None or not place.is_file():
        return {}, ""
    data = read_whole(place, BUNDLE_LIMIT)
    taken = party.folder.read_record("claims", "proofs", record.partner, f"{record.run}.taken")
    known = known_about(party, record, taken["received_at"], least=taken["epochs"], logged=logged)
    return dict(verify_bundle(data, known).outcomes), hashlib.sha256(data).hexdigest()
