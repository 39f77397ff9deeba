"""What the two parties say to each other, as bytes; PROTOCOL.md is the specification.

One module holds one thing: `contract` what both sides fixed before, `identifier` the bytes that are matched,
`catalogue` the protocols and their messages, `frame` the signed and sealed envelope, `body` the layout in it,
`steps` what a run remembers and when it goes on, `dh` the protocol of level `overlaps`, `counts` the one of
level `counts`.
"""

from __future__ import annotations

from overlap.protocol.body import MAX_SIZE_BOUND, read_contract
from overlap.protocol.catalogue import DEFAULT, PROTOCOLS, Protocol, body_size, protocol_of, role_of
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

__all__ = [
    "DEFAULT",
    "FORMAT",
    "LEVELS",
    "MAX_SIZE_BOUND",
    "PROTOCOLS",
    "SUITE",
    "Contract",
    "Envelope",
    "Header",
    "Protocol",
    "Side",
    "answer_header",
    "body_size",
    "decode_identifier",
    "encode_identifier",
    "frame_size",
    "inspect_frame",
    "open_frame",
    "protocol_of",
    "read_contract",
    "read_frame",
    "role_of",
    "size_limit",
    "start_header",
    "write_frame",
]
