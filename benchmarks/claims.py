"""Commits a million leaves and verifies a claim bundle over 24 epochs of a million leaves each.

    python benchmarks/claims.py --leaves 1000000 --epochs 24 --json

CPU seconds of one process. `commit` is `cleanroom.attribution.commit` without writing its opening: salts,
slots, leaves, sorting and the tree; `hashing` is the least that any way needs here, six calls of SHA-256 a
leaf. `verify` is `verify_bundle` from bytes in memory to a verdict: signatures of every checkpoint and of
two witnesses below each, and one account with its path in every epoch. Goals: 4 s and 0.1 s. For `verify`
the other leaves of each tree are random sibling hashes on the way to the root: a verifier sees no more of
them anyway, and the benchmark needs no 24 trees of a million leaves.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from hashlib import sha256, shake_256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from claim_world import (
    BEGIN,
    DAY,
    MONTH,
    PARTNER,
    SOFTWARE,
    VENDOR,
    WITNESSES,
    clocks,
    terms,
    token,
)

from cleanroom.attribution import (
    FIRST,
    Commitment,
    Key,
    Known,
    OpenedEpoch,
    Row,
    Stamped,
    Verified,
    claims_origin,
    cosign_claims,
    prove,
    sealed_entry,
    sign_entries,
    verify_bundle,
)
from cleanroom.attribution.claims.commitment import _sorted
from cleanroom.attribution.claims.leaf import OpenLeaf, make_hashes, open_leaf
from cleanroom.merkle import root

SECRET = bytes(32)


def cpu_seconds(work: Callable[[], object], times: int) -> float:
    """The median over `times` runs."""
    taken = []
    for _ in range(times):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def make_rows(count: int) -> list[Row]:
    """Accounts with a domain and a name, as most have."""
    return [
        (f"001V{at:011d}IAA", f"domain:company{at}.example", "", f"name_country:company {at} works|de",
         "customers", f"20{at % 20:02d}-0{1 + at % 9}-11", "")
        for at in range(count)
    ]  # fmt: skip


def commit_seconds(rows: list[Row], times: int) -> float:
    """Salts, leaves, order and tree of one epoch."""
    owner = PARTNER.card.digest
    size = -(-len(rows) // 64) * 64
    return cpu_seconds(lambda: root(_sorted(make_hashes(rows, owner, 1, SECRET, size))), times)


def hashing_seconds(leaves: int, times: int) -> float:
    """Six calls of SHA-256 a leaf over the bytes that a leaf has, in a plain loop."""
    text, sha = bytes(110), sha256

    def work() -> None:
        for _ in range(6 * leaves):
            sha(text).digest()

    return cpu_seconds(work, times)


class Tree:
    """One committed account in a tree of `leaves`, of which only the way to the root is made."""

    def __init__(self, row: Row, epoch: int, leaves: int, previous: bytes) -> None:
        owner, self._leaf = PARTNER.card.digest, open_leaf(row, 0, PARTNER.card.digest, epoch, SECRET)
        self._index = leaves * 2 // 3
        drawn = shake_256(f"siblings {epoch}".encode())
        siblings = [drawn.digest(32 * (at + 1))[-32:] for at in range(64)]
        self._path, root_ = climb(self._leaf.hash(owner, epoch), self._index, leaves, siblings)
        self.commitment = Commitment(owner, epoch, root_, previous, leaves, 64, SOFTWARE)

    def places(self) -> dict[str, int]:
        """The one account."""
        return {key: self._index for key in self._leaf.row[1:4] if key}

    def leaf(self, _index: int) -> OpenLeaf:
        """The one leaf."""
        return self._leaf

    def paths(self, indexes: list[int]) -> list[tuple[bytes, ...]]:
        """Its way."""
        return [self._path for _ in indexes]


def climb(leaf: bytes, index: int, size: int, siblings: list[bytes]) -> tuple[tuple[bytes, ...], bytes]:
    """A path from `leaf` with these siblings, and the root it leads to (RFC 9162, section 2.1.3)."""
    node, last, path = leaf, size - 1, []
    while last:
        sibling = siblings[len(path)]
        if index & 1:
            node = sha256(b"\x01" + sibling + node).digest()
            path.append(sibling)
        elif index < last:
            node = sha256(b"\x01" + node + sibling).digest()
            path.append(sibling)
        index, last = index >> 1, last >> 1
    return tuple(path), node


def make_bundle(row: Row, epochs: int, leaves: int) -> bytes:
    """A bundle for one account over that many epochs, each cosigned by two witnesses."""
    owner = claims_origin(PARTNER.card)
    trees: list[Tree] = []
    stamped: list[Stamped] = []
    opened: list[OpenedEpoch] = []
    for number in range(epochs):
        previous = trees[-1].commitment.root if trees else FIRST
        trees.append(Tree(row, number + 1, leaves, previous))
        opened.append(OpenedEpoch(trees[-1].commitment, sha256(b"salt %d" % number).digest()))
        log = sign_entries(owner, [sealed_entry(one.salt, one.commitment) for one in opened], PARTNER)
        for witness in WITNESSES[:2]:
            log = cosign_claims(log, None, 0, witness, BEGIN + number * MONTH)
        stamped.append(Stamped(log.note))
    made = prove(
        opened,
        lambda epoch: trees[epoch - 1],  # type: ignore[arg-type,return-value]
        {token(0): [Key.of(row[1])]},
        log,
        stamped,
        PARTNER,
        VENDOR.card.digest,
        bytes(16),
        BEGIN + epochs * MONTH,
    )
    return made.data


def verify_seconds(bundle: bytes, epochs: int, leaves: int, times: int) -> float:
    """From the bytes of a bundle to a verdict."""
    agreed = terms(most_leaves=2 * leaves + 64)
    seen = Known(
        cards=[VENDOR.card],
        partner=[PARTNER.card],
        keys={SOFTWARE: {token(0): frozenset({"domain:company0.example"})}},
        now=BEGIN + (epochs - 1) * MONTH + DAY,
        clocks=clocks(agreed),
        terms=agreed,
    )
    found = verify_bundle(bundle, seen)
    assert found.code == "" and isinstance(found.outcomes[token(0)], Verified), found
    return cpu_seconds(lambda: verify_bundle(bundle, seen), times)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    rows = make_rows(given.leaves)
    size = -(-given.leaves // 64) * 64
    bundle = make_bundle(rows[0], given.epochs, size)
    found = {
        "leaves": given.leaves,
        "epochs": given.epochs,
        "commit_cpu_s": round(commit_seconds(rows, given.times), 3),
        "hashing_cpu_s": round(hashing_seconds(given.leaves, given.times), 3),
        "bundle_bytes": len(bundle),
        "verify_cpu_s": round(verify_seconds(bundle, given.epochs, size, 10 * given.times), 4),
    }
    if given.as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:<14} {value:>14,}")


if __name__ == "__main__":
    main()
