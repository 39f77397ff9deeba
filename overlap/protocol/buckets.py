"""Lists too long for memory are split into buckets, each matched as a run of its own within the run.

Equal identifiers fall into the same bucket, by a hash that is keyed with contract and run, so that nobody can
choose identifiers that crowd one bucket of somebody else's list. Every bucket is padded to one bound that
follows from the declared size alone.
"""

from __future__ import annotations

import math
from typing import Final

from overlap.protocol.contract import Contract

#: Identifiers that the larger side may declare for one bucket; with more the lists are split. A count or a
#: sum of each bucket would say more than the one of all, so the other protocols split none. Half as many by
#: vector-OLE cost a tenth more: each bucket has base transfers of its own.
BUCKET_ITEMS: Final = {"dh-2hash/1": 2**20, "vole-rr22/1": 2**20}
#: One of the lists of a run has a bucket above its bound with a probability of at most 2^-40.
OVERFLOW_BITS: Final = 40


def bucket_count(protocol: str, starter: int, responder: int) -> int:
    """Buckets for these declared bounds."""
    items = BUCKET_ITEMS.get(protocol)
    return max(1, -(-max(starter, responder) // items)) if items else 1


def bucket_bound(declared: int, buckets: int) -> int:
    """The most identifiers of one bucket, when at most `declared` fall into `buckets` of them at random.

    Bernstein's inequality: a bucket holds m + t or more, m = declared / buckets, with a probability of at
    most exp(-t^2 / (2 (m + t/3))), which is 2^-bits for t = L/3 + sqrt(L^2/9 + 2 m L) with L = bits ln 2. All
    buckets of both sides together have OVERFLOW_BITS. In whole numbers, rounded up, so that both sides get
    the same.
    """
    if buckets == 1:
        return declared
    bits = OVERFLOW_BITS + (2 * buckets - 1).bit_length()
    nats = -(-bits * 694 // 1000)
    mean = -(-declared // buckets)
    above = -(-nats // 3) + math.isqrt(nats * nats // 9 + 2 * mean * nats) + 2
    return min(declared, mean + above)


def part_bounds(contract: Contract) -> tuple[int, int]:
    """What starter and responder may have in one bucket."""
    sides = contract.starter.size_bound, contract.responder.size_bound
    starter, responder = (bucket_bound(side, contract.buckets) for side in sides)
    return starter, responder
