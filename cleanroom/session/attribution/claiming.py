"""Claims: committed each epoch, sent as a letter, proven for the accounts of a run afterwards."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cleanroom.attribution import (
    FIRST,
    SLOT_OF_KIND,
    Commitment,
    Key,
    OpenedEpoch,
    Opening,
    commit,
    hold,
    key_of,
    prove,
)
from cleanroom.moment import moment_of
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.accounts.restrictions import excluded_accounts
from cleanroom.session.attribution.claim_roots import own_commitments, received_commitments
from cleanroom.session.attribution.claims_log import (
    add_epoch,
    own_checkpoints,
    own_claims_log,
    own_salt,
)
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import RunRecord, find_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import write_letter
from cleanroom.session.review.reviews import release_state
from cleanroom.session.stored import keep_stored, read_stored
from cleanroom.store import read_table
from overlap import identity
from overlap.engine import Progress
from overlap.errors import BadInput, Refused, UsageError

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
    """Proofs for the accounts of a run: `proven` of `shared`, up to and with `epoch`."""

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
    party: Party,
    partner: str | None,
    out: Path | None,
    progress: Progress | None = None,
    evidence: Path | None = None,
) -> CommitmentMade:
    """Commit to all accounts that are imported now as a new epoch, and write the letter for `partner`.

    `evidence` is a CSV of `account_id` and `sha256`, the digests of documents about the relations.
    """
    if (partner is None) != (out is None):
        raise UsageError(
            "a commitment is written for one partner", "give both --partner and --out, or neither"
        )
    if partner is not None:
        party.verified_card_of(partner)
    accounts = own_accounts(party.folder)
    if accounts.empty:
        raise UsageError("no account is imported", "run 'overlap import FILE --population …' first")
    digests = _read_evidence(evidence) if evidence else {}
    identified = identity.identify(accounts, tuple(SLOT_OF_KIND), progress).frame
    held = hold(accounts, identified, evidence=digests)
    before = own_commitments(party)
    epoch = len(before) + 1
    made = commit(
        held.rows,
        party.keys.card.digest,
        epoch,
        party.random(32),
        canonicaliser(),
        previous=before[-1].root if before else FIRST,
    )
    _keep_opening(party, epoch, made.opening)
    write_whole(party.folder.path("claims", "own", str(epoch)), made.commitment.to_bytes())
    add_epoch(party, made.commitment, party.random(32))
    if partner is not None and out is not None:
        send_commitment(party, partner, out)
    number = len({row[0] for row in held.rows})
    dated = len({row[0] for row in held.rows if row[5]})
    return CommitmentMade(epoch, made.commitment.root.hex(), number, dated, made.commitment.leaves)


def send_commitment(party: Party, partner: str, out: Path) -> int:
    """Open our newest epoch to a partner, with our claims log, as a letter; the epoch."""
    party.verified_card_of(partner)
    log, newest = own_claims_log(party), own_commitments(party)[-1]
    party.note(partner, "commitment", commitment=newest.digest, leaves=newest.leaves)
    body = newest.to_bytes() + own_salt(party, newest.epoch) + log.to_text().encode()
    write_whole(out, write_letter(party, partner, "commitment", body))
    return newest.epoch


def prove_claims(
    party: Party, run: str, out: Path | None, bundle: Path | None = None, *, pay: bool = False
) -> ProofsMade:
    """Open, to the partner of a run, our claims on its matched accounts in every epoch since each is held.

    As a letter to `out`, as a plain file to `bundle`, or both. With `pay` whole leaves are opened.
    """
    if out is None and bundle is None:
        raise UsageError("no place to write to is given", "give --out FILE, --bundle FILE, or --via CARRIER")
    record = find_run(party, run)
    bound = _bound_commitment(party, record)
    matched = matched_keys(party, record)
    opened = [OpenedEpoch(one, own_salt(party, one.epoch)) for one in own_commitments(party)]
    proved = prove(
        opened,
        lambda epoch: read_own_opening(party, epoch),
        matched,
        own_claims_log(party),
        own_checkpoints(party),
        party.keys,
        party.verified_card_of(record.partner).digest,
        bytes.fromhex(record.run),
        party.now,
        pay=pay,
        since=bound.epoch,
    )
    proven = len(matched) - len(proved.missing)
    party.note(record.partner, "release", claims=proven, run=bytes.fromhex(record.run))
    if bundle is not None:
        write_whole(bundle, proved.data)
    if out is not None:
        write_whole(out, write_letter(party, record.partner, "claims", proved.data))
    return ProofsMade(len(opened), proven, len(matched))


def matched_keys(party: Party, record: RunRecord) -> dict[str, list[Key]]:
    """Pair token to the own keys of that account that matched, the best first, for each released account.

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
    matched: dict[int, tuple[str, list[Key]]] = {}
    for account, token in zip(links["account"].tolist(), links["token"].tolist(), strict=True):
        if token in keys:
            matched.setdefault(account, (token, []))[1].append(keys[token])
    return {token: list(dict.fromkeys(found)) for token, found in matched.values()}


def known_keys(party: Party, record: RunRecord) -> dict[str, dict[str, frozenset[str]]]:
    """Canonicaliser to pair token to the texts of all keys that our account behind it has under it.

    Those of the run are as they matched, under the normaliser of its contract; those of today's normaliser
    are made again from the accounts as they were in the run.
    """
    hits = read_table(party.folder.path("runs", record.run, "tokens.parquet"))
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    terms = record.terms
    then = f"{terms.normaliser} {terms.normaliser_digest} {terms.data_digest}"
    places = sorted(set(hits["account"].tolist()))
    rows = accounts.iloc[places].reset_index(drop=True)
    today = identity.identify(rows, tuple(SLOT_OF_KIND)).frame
    own = pd.DataFrame(
        {
            "account": [places[place] for place in today["account"]],
            "kind": today["kind"],
            "value": today["value"],
        }
    )
    found = {then: _keys_of_tokens(hits, hits)}
    now = _keys_of_tokens(hits, own)
    same = found.setdefault(canonicaliser(), {})
    for token, keys in now.items():
        same[token] = same.get(token, frozenset()) | keys
    return found


def _keys_of_tokens(hits: pd.DataFrame, values: pd.DataFrame) -> dict[str, frozenset[str]]:
    by_account: dict[int, set[str]] = {}
    columns = (values[name].tolist() for name in ("account", "kind", "value"))
    for account, kind, value in zip(*columns, strict=True):
        key = key_of(kind, value)
        if key is not None:
            by_account.setdefault(account, set()).add(key.text)
    pairs = zip(hits["token"].tolist(), hits["account"].tolist(), strict=True)
    return {token: frozenset(by_account.get(account, ())) for token, account in pairs}


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


def _read_evidence(source: Path) -> dict[str, bytes]:
    """Account id to the digest of a document. BadInput for any other file."""
    text = read_whole(source, 2**28).decode("utf-8-sig", errors="replace")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    hint = "give a CSV with the columns account_id and sha256 (64 hex digits)"
    if not {"account_id", "sha256"} <= set(rows.fieldnames or ()):
        raise BadInput("the list of evidence has not the two columns", hint)
    found: dict[str, bytes] = {}
    for row in rows:
        digest = (row["sha256"] or "").strip().lower()
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise BadInput(f"line {rows.line_num} of the list of evidence has no SHA-256", hint)
        found[row["account_id"]] = bytes.fromhex(digest)
    return found


def _listed(owner: str, commitment: Commitment, time: str) -> ListedCommitment:
    return ListedCommitment(owner, commitment.epoch, commitment.leaves, commitment.root.hex(), time)


def _keep_opening(party: Party, epoch: int, opening: bytes) -> None:
    keep_stored(party, _OPENING, str(epoch), opening, "claims", "own", f"{epoch}.opening")


def read_own_opening(party: Party, epoch: int) -> Opening:
    """What opens an epoch of ours."""
    return Opening.from_bytes(_read_opening(party, epoch))


def _read_opening(party: Party, epoch: int) -> bytes:
    return read_stored(party, _OPENING, str(epoch), "claims", "own", f"{epoch}.opening")
