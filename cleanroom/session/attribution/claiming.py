"""Claims: committed before a match, sent as a letter, proven for the accounts of a run afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cleanroom.attribution import SLOT_OF_KIND, Commitment, Key, commit, hold, key_of, prove
from cleanroom.moment import moment_of
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.accounts.restrictions import excluded_accounts
from cleanroom.session.attribution.claim_roots import own_commitments, received_commitments
from cleanroom.session.folder import write_whole
from cleanroom.session.match.runs import RunRecord, find_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import write_letter
from cleanroom.session.review.reviews import release_state
from cleanroom.session.stored import keep_stored, read_stored
from cleanroom.store import read_table
from overlap import identity
from overlap.engine import Progress
from overlap.errors import Refused, UsageError

_OPENING = b"claims opening"


@dataclass(frozen=True)
class CommitmentMade:
    """A commitment of ours: `held` accounts in `leaves` leaves, padding included."""

    epoch: int
    root: str
    held: int
    dated: int
    leaves: int


@dataclass(frozen=True)
class ProofsMade:
    """Proofs for the accounts of a run: `proven` of `shared`."""

    epoch: int
    proven: int
    shared: int


@dataclass(frozen=True)
class ListedCommitment:
    """A commitment as listed."""

    owner: str
    epoch: int
    leaves: int
    root: str
    time: str


def canonicaliser() -> str:
    """Version and digests of the normaliser whose keys are committed."""
    return f"{identity.NORMALISER} {identity.normaliser_digest()} {identity.data_digest()}"


def commit_claims(
    party: Party, partner: str | None, out: Path | None, progress: Progress | None = None
) -> CommitmentMade:
    """Commit to all accounts that are imported now, and write the letter for `partner` to `out`."""
    if (partner is None) != (out is None):
        raise UsageError(
            "a commitment is written for one partner", "give both --partner and --out, or neither"
        )
    if partner is not None:
        party.verified_card_of(partner)
    accounts = own_accounts(party.folder)
    if accounts.empty:
        raise UsageError("no account is imported", "run 'overlap import FILE --population …' first")
    held = hold(accounts, identity.identify(accounts, tuple(SLOT_OF_KIND), progress).frame)
    epoch = max((commitment.epoch for commitment in own_commitments(party)), default=0) + 1
    made = commit(held.accounts, party.keys.card.digest, epoch, party.random(32), canonicaliser())
    _keep_opening(party, epoch, made.opening)
    write_whole(party.folder.path("claims", "own", str(epoch)), made.commitment.to_bytes())
    if partner is not None and out is not None:
        party.note(partner, "commitment", commitment=made.commitment.digest, leaves=made.commitment.leaves)
        write_whole(out, write_letter(party, partner, "commitment", made.commitment.to_bytes()))
    number = len({account.id for account in held.accounts})
    dated = len({account.id for account in held.accounts if account.since})
    return CommitmentMade(epoch, made.commitment.root.hex(), number, dated, made.commitment.leaves)


def prove_claims(party: Party, run: str, out: Path) -> ProofsMade:
    """Open, to the partner of a run, our claims on its matched accounts under the root its contract names."""
    record = find_run(party, run)
    commitment = _bound_commitment(party, record)
    matched = matched_keys(party, record)
    proved = prove(_read_opening(party, commitment.epoch), matched)
    shared = len(matched)
    proven = shared - len(proved.missing)
    party.note(record.partner, "release", claims=proven, run=bytes.fromhex(record.run))
    body = bytes.fromhex(record.run) + proved.body
    write_whole(out, write_letter(party, record.partner, "claims", body))
    return ProofsMade(commitment.epoch, shared - len(proved.missing), shared)


def matched_keys(party: Party, record: RunRecord) -> dict[str, Key]:
    """Pair token to the own key that matched, one for each released account: the best that can be claimed.

    A proof tells the partner that we hold an account and since when, so candidates that wait for a review and
    what was rejected, disputed or is private now are left out.
    """
    if record.level != "overlaps":
        raise Refused("a counts run names no account", "claims are proven after a run at level overlaps")
    state = release_state(party, record)
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    gone = accounts.index[accounts["id"].isin(list(excluded_accounts(party, record.partner, accounts)))]
    released = state.released["account"]
    links = state.links[state.links["account"].isin(released[~released.isin(gone)])]
    keys = _keys_by_token(links)
    return {
        token: keys[token] for token in links[links["token"].isin(keys)].drop_duplicates("account")["token"]
    }


def claimable_keys(party: Party, record: RunRecord) -> dict[str, Key]:
    """Pair token to our own key, for every matched identifier that a partner may prove a claim on."""
    hits = read_table(party.folder.path("runs", record.run, "tokens.parquet"))
    return _keys_by_token(hits)


def list_commitments(party: Party) -> list[ListedCommitment]:
    """Our commitments and those received."""
    own = [_listed(party.name, commitment, "") for commitment in own_commitments(party)]
    received = [
        _listed(partner, item.commitment, moment_of(item.received_at))
        for partner in party.partners()
        for item in received_commitments(party, partner)
    ]
    return own + received


def _keys_by_token(hits: pd.DataFrame) -> dict[str, Key]:
    keys = map(key_of, hits["kind"], hits["value"])
    return {token: key for token, key in zip(hits["token"], keys, strict=True) if key is not None}


def _bound_commitment(party: Party, record: RunRecord) -> Commitment:
    side = record.terms.starter if record.role == "starter" else record.terms.responder
    for commitment in own_commitments(party):
        if commitment.root.hex() == side.claim_root:
            return commitment
    raise Refused(
        "we had committed no claims before this run",
        "run 'overlap claims commit' and send it before the next run",
    )


def _listed(owner: str, commitment: Commitment, time: str) -> ListedCommitment:
    return ListedCommitment(owner, commitment.epoch, commitment.leaves, commitment.root.hex(), time)


def _keep_opening(party: Party, epoch: int, opening: bytes) -> None:
    keep_stored(party, _OPENING, str(epoch), opening, "claims", "own", f"{epoch}.opening")


def _read_opening(party: Party, epoch: int) -> bytes:
    return read_stored(party, _OPENING, str(epoch), "claims", "own", f"{epoch}.opening")
