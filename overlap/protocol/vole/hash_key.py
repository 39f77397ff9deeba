"""w, the key of the output hash, which both sides draw together.

The sender commits to its share in the offer, the receiver sends its own with the store, and the sender opens
its share with the answer: RR22's code and VOLE-PSI (Rindal and Schoppmann, eprint 2021/266, figure 4), on
which RR22's malicious variant rests. So nobody knows an output before the store is fixed, and nobody can
choose the key. The commitment is a hash in the random-oracle model; a share has 32 bytes, so it hides."""

from __future__ import annotations

import hmac
from typing import Final

from overlap import canonical
from overlap.errors import ForgedFile
from overlap.protocol.vole.consistency import ALTERED

SHARE_BYTES: Final = 32
COMMITMENT_BYTES: Final = 32


def commit(context: bytes, share: bytes) -> bytes:
    """The commitment to a share. `context` names the run."""
    return canonical.digest(b"overlap-vole-share/1", context, share)


def open_key(context: bytes, commitment: bytes, opened: bytes, own: bytes) -> bytes:
    """w, of both shares. Raises ForgedFile when `opened` is not what the sender had committed to."""
    if not hmac.compare_digest(commit(context, opened), commitment):
        raise ForgedFile(
            "the reply opens another share of the hash key than the offer committed to",
            ALTERED,
        )
    return join_shares(opened, own)


def join_shares(one: bytes, other: bytes) -> bytes:
    """w: the sum of the shares."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
