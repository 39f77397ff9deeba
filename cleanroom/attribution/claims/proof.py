"""Verifying a claim bundle with nothing but the file, the two cards, the terms, and the verifier's own keys.

The verifier recomputes every slot from *its own* keys of the account: a bundle shows no key that did not
match, unless it is one for pay. Whatever is wrong with a bundle or a claim has one code, the first of
FAILURES found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cleanroom import merkle
from cleanroom.attribution.claims.bundle import BUNDLE_LIMIT, Bundle, OpenedEpoch, Shown, read_bundle
from cleanroom.attribution.claims.claim import SLOT_OF_KIND, SLOTS, Key
from cleanroom.attribution.claims.history import (
    ClaimsLog,
    Conflict,
    read_head,
    roots_of,
    sealed_entry,
)
from cleanroom.attribution.claims.leaf import dummy_slot, key_slot, leaf_of, meta_slot
from cleanroom.attribution.claims.terms import Terms
from cleanroom.attribution.claims.times import Clocks, Proven, TimeFault, epoch_times, signed_by_owner
from overlap.errors import BadPeerFile, MalformedFile, UsageError
from overlap.keys import Card

__all__ = ["FAILURES", "Failed", "Known", "Verdict", "Verified", "verify_bundle"]

#: Every way in which a bundle, then a claim in it, can fail, in the order of the checks.
FAILURES: Final[Mapping[str, str]] = {
    "too-large": "the bundle is larger than a bundle can be",
    "malformed": "the file is cut short, garbled, or of another form",
    "wrong-recipient": "the bundle was made for another party",
    "wrong-origin": "the bundle, its log or an epoch belongs to another party",
    "bundle-altered": "the bundle is not as its sender signed it",
    "wrong-key": "a checkpoint is not signed by the key that the party is bound to",
    "contradicted": "the claims log contradicts one that the party showed before",
    "older-than-known": "the claims log ends before epochs that are known here",
    "checkpoint-of-other-log": "a checkpoint is not over the entries of the claims log",
    "cosignature-altered": "a cosignature of a known witness does not hold",
    "token-altered": "the token of the time authority does not hold",
    "time-goes-back": "a witness states an earlier time for a longer log, or a time in the future",
    "two-entries-of-one-epoch": "an epoch is there twice",
    "epoch-missing": "an epoch between the first one relied on and the newest is missing",
    "entry-does-not-open": "an epoch is not the one that stands in the claims log",
    "chain-broken": "an epoch does not name the root of the one before",
    "too-many-leaves": "an epoch is larger than the terms allow",
    "grew-too-fast": "an epoch grew by more than the terms allow",
    "other-list-bound": "no epoch is the list that the contract of the run names",
    "gap-too-long": "more time than the terms allow lies between two epochs",
    "lapsed": "the newest epoch is older than the terms allow",
    "unknown-account": "the claim is about a pair that is not known here",
    "not-in-every-epoch": "the account is not claimed in every epoch since the first",
    "unknown-canonicaliser": "the keys were made by a normaliser that is not shipped here",
    "index-out-of-range": "the leaf lies outside the committed size",
    "dummy-as-key": "the opened slot is a dummy, not a key",
    "key-does-not-open": "the opened slot holds another key, or was not made by this party for this epoch",
    "not-in-tree": "the path does not lead from this leaf to the committed root",
    "slot-not-opened": "the bundle is for pay and a slot does not open as what it says it is",
    "mixed-leaf": "the leaf holds a key of another account too",
    "meta-does-not-open": "relation, asserted date or evidence are not the committed ones",
    "evidence-differs": "no document that was given has the committed digest",
}


@dataclass(frozen=True)
class Known:
    """What the verifier knows. `cards` are its own, `partner` the claimant's, each with the present one
    first.

    `retired` maps digests of the claimant's earlier cards to the second at which they went out of use. `keys`
    maps a canonicaliser to pair token to the texts of the own keys of that account under it. `log` is the
    newest claims log of the claimant seen here and `least` how many epochs it must still have; `receipts`
    maps epochs to the second at which the own log recorded their commitment. `bound` is root and size in
    the contract of the run. `documents` are digests of evidence files, None when they are not asked for.
    """

    cards: Sequence[Card]
    partner: Sequence[Card]
    keys: Mapping[str, Mapping[str, frozenset[str]]]
    now: int
    clocks: Clocks
    origin: str = ""
    terms: Terms | None = None
    retired: Mapping[bytes, int] = field(default_factory=dict)
    log: ClaimsLog | None = None
    least: int = 0
    receipts: Mapping[int, int] = field(default_factory=dict)
    bound: tuple[bytes, int] | None = None
    documents: frozenset[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The claim was in every committed list since `epoch`; held since `committed_at` at the latest.

    `committed_at` is None when nobody but the claimant dates that epoch. `since` is asserted by the claimant
    and opened for pay only, else "".
    """

    token: str
    origin: bytes
    epoch: int
    root: bytes
    index: int
    leaves: int
    kind: str
    relation: str
    since: str
    evidence: bytes
    committed_at: int | None = None
    dated_by: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The claim is not proven; `code` is one of FAILURES."""

    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bundle is worth: `code` says what is wrong with it as a whole, or is "".

    `outcomes` has every claim in it, `times` the proven time of each epoch; `conflict` is the portable proof
    that comes with the code `contradicted`.
    """

    code: str
    outcomes: Mapping[str, Verified | Failed]
    times: Mapping[int, Proven]
    bundle: Bundle | None = None
    conflict: Conflict | None = None


class _Fault(Exception):
    """A check did not hold; the argument is its code."""


def verify_bundle(data: bytes, known: Known) -> Verdict:
    """The verdict on a bundle. Never raises for what is in it: each fault has a code."""
    if len(data) > BUNDLE_LIMIT:
        return Verdict("too-large", {}, {})
    try:
        bundle = read_bundle(data)
    except (MalformedFile, UsageError):
        return Verdict("malformed", {}, {})
    try:
        times = _check_whole(bundle, known)
    except _Fault as fault:
        code = str(fault)
        conflict = Conflict(known.log, bundle.log) if code == "contradicted" and known.log else None
        failed = {token: Failed(token, code) for token in bundle.claims}
        return Verdict(code, failed, {}, bundle, conflict)
    outcomes = {token: _check_claim(token, bundle, known, times) for token in bundle.claims}
    return Verdict("", outcomes, times, bundle)


def _require(code: str, holds: bool) -> None:
    if not holds:
        raise _Fault(code)


def _check_whole(bundle: Bundle, known: Known) -> dict[int, Proven]:
    """Everything that is not about one claim; the proven time of each epoch."""
    _require("wrong-recipient", bundle.recipient in {card.digest for card in known.cards})
    sender = next((card for card in known.partner if card.digest == bundle.sender), None)
    origin = known.terms.logs.get(known.partner[0].party, "") if known.terms else known.origin
    _require("wrong-origin", sender is not None and bundle.log.origin == (origin or bundle.log.origin))
    assert sender is not None
    try:
        bundle.require_signed(sender)
    except BadPeerFile as error:
        raise _Fault("bundle-altered") from error
    times = _dated(bundle, known, _check_log(bundle, known))
    _check_epochs(bundle.epochs, bundle.log, known)
    if known.terms is not None:
        _check_terms(bundle.epochs, times, known, known.terms)
    roots = {(one.commitment.root, one.commitment.leaves) for one in bundle.epochs}
    _require("other-list-bound", known.bound is None or known.bound in roots)
    return times


def _check_log(bundle: Bundle, known: Known) -> list[int | None]:
    """Check the log and its checkpoints; for each, when the card that signed it went out of use."""
    log = bundle.log
    roots = roots_of(log.entries)
    ends = []
    for note in (log.note, *(one.note for one in bundle.checkpoints)):
        try:
            origin, size, root = read_head(note)
            signer = signed_by_owner(note, log.origin, known.partner)
        except BadPeerFile as error:
            raise _Fault("wrong-key") from error
        if signer is None:
            raise _Fault("wrong-key")
        good = origin == log.origin and size < len(roots) and roots[size] == root
        _require("checkpoint-of-other-log", good)
        ends.append(known.retired.get(signer.digest))
    _require("contradicted", known.log is None or not log.conflicts_with(known.log))
    _require("older-than-known", len(log.entries) >= known.least)
    return ends[1:]


def _dated(bundle: Bundle, known: Known, ends: Sequence[int | None]) -> dict[int, Proven]:
    """The proven time of each epoch that has one."""
    sizes = [read_head(one.note)[1] for one in bundle.checkpoints]
    _require("checkpoint-of-other-log", sizes == sorted(set(sizes)))
    epochs = [one.commitment.epoch for one in bundle.epochs]
    try:
        times = epoch_times(bundle.checkpoints, known.receipts, known.clocks, epochs)
        # A checkpoint under a key that is out of use proves nothing later than that: it may be a thief's.
        for size, one, end in zip(sizes, bundle.checkpoints, ends, strict=True):
            if end is not None:
                said = epoch_times([one], {}, known.clocks, [size])
                _require("wrong-key", all(proven.time <= end for proven in said.values()))
    except TimeFault as error:
        raise _Fault(str(error)) from error
    # A witness may be a day ahead, as any clock here.
    _require("time-goes-back", all(proven.time <= known.now + 86_400 for proven in times.values()))
    return times


def _check_epochs(epochs: Sequence[OpenedEpoch], log: ClaimsLog, known: Known) -> None:
    """Every epoch from the first one relied on to the newest, once each, as the log has it."""
    numbers = [one.commitment.epoch for one in epochs]
    _require("two-entries-of-one-epoch", len(set(numbers)) == len(numbers))
    _require("epoch-missing", bool(numbers) and numbers == list(range(numbers[0], len(log.entries) + 1)))
    before = None
    cards = {card.digest for card in known.partner}
    for one in epochs:
        opened = one.commitment
        entry = log.entries[opened.epoch - 1]
        _require("entry-does-not-open", sealed_entry(one.salt, opened) == entry)
        _require("wrong-origin", opened.origin in cards)
        _require("chain-broken", before is None or opened.previous == before)
        before = opened.root


def _check_terms(
    epochs: Sequence[OpenedEpoch], times: Mapping[int, Proven], known: Known, terms: Terms
) -> None:
    """Size and growth of the epochs, and the time between them."""
    dated = [
        (times[one.commitment.epoch].time, one.commitment) for one in epochs if one.commitment.epoch in times
    ]
    for place, one in enumerate(epochs):
        opened = one.commitment
        _require("too-many-leaves", opened.leaves <= terms.most_leaves)
        # Growth is counted from an epoch that lies a full epoch back: many small steps are one.
        base = _base(epochs, place, times, terms)
        allowed = terms.allowed_leaves(epochs[base].commitment.leaves, opened.bucket)
        _require("grew-too-fast", opened.leaves <= allowed)
    seconds = [time for time, _ in dated]
    gaps = [later - earlier for earlier, later in pairwise(seconds)]
    _require("gap-too-long", all(gap <= terms.longest_gap for gap in gaps))
    _require("lapsed", not seconds or known.now - seconds[-1] <= terms.longest_gap)


def _base(epochs: Sequence[OpenedEpoch], place: int, times: Mapping[int, Proven], terms: Terms) -> int:
    """The epoch against which the growth of the one at `place` is measured."""
    here = times.get(epochs[place].commitment.epoch)
    step = max(1, terms.epoch_days - terms.grace_days) * 86_400
    for earlier in reversed(range(place)):
        there = times.get(epochs[earlier].commitment.epoch)
        if here is None or there is None or here.time - there.time >= step:
            return earlier
    return 0


def _check_claim(token: str, bundle: Bundle, known: Known, times: Mapping[int, Proven]) -> Verified | Failed:
    shown = bundle.claims[token]
    by_epoch = {one.commitment.epoch: one for one in bundle.epochs}
    try:
        _require("unknown-account", any(token in keys for keys in known.keys.values()))
        numbers = [one.epoch for one in shown]
        last = bundle.epochs[-1].commitment.epoch
        good = numbers == list(range(numbers[0], last + 1)) and numbers[0] in by_epoch
        _require("not-in-every-epoch", good)
        kinds = [_check_shown(one, by_epoch[one.epoch], token, bundle.pay, known) for one in shown]
        first = shown[0]
        asserted = first.asserted
        if asserted is not None and known.documents is not None:
            _require("evidence-differs", asserted.evidence in known.documents)
    except _Fault as fault:
        return Failed(token, str(fault))
    opened, proven = by_epoch[first.epoch].commitment, times.get(first.epoch)
    return Verified(
        token=token,
        origin=opened.origin,
        epoch=opened.epoch,
        root=opened.root,
        index=first.index,
        leaves=opened.leaves,
        kind=kinds[0],
        relation=asserted.relation if asserted else "",
        since=asserted.since if asserted else "",
        evidence=asserted.evidence if asserted else b"",
        committed_at=proven.time if proven else None,
        dated_by=proven.kind if proven else "",
    )


def _check_shown(shown: Shown, epoch: OpenedEpoch, token: str, pay: bool, known: Known) -> str:
    """One leaf in one epoch; the kind of the key that it opened to."""
    opened = epoch.commitment
    own = known.keys.get(opened.canonicaliser)
    _require("unknown-canonicaliser", own is not None)
    assert own is not None
    _require("index-out-of-range", shown.index < opened.leaves)
    place = (opened.origin, opened.epoch, shown.slot, shown.salt)
    slot = shown.slots[shown.slot]
    _require("dummy-as-key", slot != dummy_slot(*place))
    fitting = [key for key in own.get(token, ()) if SLOT_OF_KIND.get(Key.of(key).kind) == shown.slot]
    key = next((key for key in fitting if key_slot(key, *place) == slot), None)
    _require("key-does-not-open", key is not None)
    assert key is not None
    leaf = leaf_of(opened.origin, opened.epoch, shown.slots, shown.meta)
    _require(
        "not-in-tree", merkle.verify_inclusion(leaf, shown.index, opened.leaves, shown.path, opened.root)
    )
    if pay:
        _check_pay(shown, epoch, token, own)
    return Key.of(key).kind


def _check_pay(shown: Shown, epoch: OpenedEpoch, token: str, keys: Mapping[str, frozenset[str]]) -> None:
    """All slots open as what they are said to be, and none holds a key of another of our accounts."""
    opened, own = epoch.commitment, keys[token]
    elsewhere = frozenset[str]().union(*keys.values()) - own
    others = [slot for slot in range(len(SLOTS)) if slot != shown.slot]
    for number, other in zip(others, shown.others, strict=True):
        place = (opened.origin, opened.epoch, number, other.salt)
        made = key_slot(other.key, *place) if other.key else dummy_slot(*place)
        fits = not other.key or SLOT_OF_KIND.get(Key.of(other.key).kind) == number
        _require("slot-not-opened", fits and made == shown.slots[number])
        kinds = {Key.of(key).kind for key in own}
        compared = other.key and Key.of(other.key).kind in kinds
        _require("mixed-leaf", other.key in own or not (compared or other.key in elsewhere))
    about = shown.asserted
    assert about is not None
    meta = meta_slot(about.salt, about.relation, about.since, about.evidence)
    _require("meta-does-not-open", meta == shown.meta)
