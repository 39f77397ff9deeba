"""What the two parties say to each other, as bytes; PROTOCOL.md is the specification.

One module holds one thing: `contract` what both sides fixed before, `identifier` the bytes that are matched,
`frame` the signed and sealed envelope, `body` the layout inside it, `steps` the order of the steps and what a
run remembers, `dh` the protocol of level `overlaps`, `counts` the one of level `counts`.
"""

from __future__ import annotations

from overlap.protocol.body import MAX_SIZE_BOUND, body_size, read_contract
from overlap.protocol.contract import FORMAT, LEVELS, SUITE, Contract, Side
from overlap.protocol.frame import (
    Envelope,
    Header,
    answer_header,
    frame_size,
    inspect_frame,
    open_frame,
    read_frame,
    size_limit,
    start_header,
    write_frame,
)
from overlap.protocol.identifier import decode_identifier, encode_identifier
from overlap.protocol.steps import PROTOCOLS

__all__ = [
    "FORMAT",
    "LEVELS",
    "MAX_SIZE_BOUND",
    "PROTOCOLS",
    "SUITE",
    "Contract",
    "Envelope",
    "Header",
    "Side",
    "answer_header",
    "body_size",
    "decode_identifier",
    "encode_identifier",
    "frame_size",
    "inspect_frame",
    "open_frame",
    "read_contract",
    "read_frame",
    "size_limit",
    "start_header",
    "write_frame",
]
