"""What the two parties say to each other, as bytes; PROTOCOL.md is the specification.

One module holds one thing: `contract` what both sides fixed before and `clauses` its parts, `identifier` the
bytes that are matched,
`catalogue` the protocols and their messages, `frame` the signed and sealed envelope, `body` the layout in it,
`steps` what a run remembers and when it goes on, `dh` the protocol of level `overlaps`, `counts` the one of
level `counts`, `sums` of level `sum`, `room_counts` counts through a third party.
"""

from __future__ import annotations

from overlap.protocol.body import MAX_SIZE_BOUND, read_contract
from overlap.protocol.buckets import bucket_count
from overlap.protocol.catalogue import (
    DEFAULT,
    PREPARED,
    PROTOCOLS,
    ROLES,
    ROOM_COUNTS,
    STATE_AFTER,
    STEPS,
    Protocol,
    body_size,
    choose_protocol,
    protocol_of,
    role_of,
)
from overlap.protocol.contract import FORMAT, LEVELS, SUITE, Amounts, Contract, Counting, Side, flatten
from overlap.protocol.crew import States
from overlap.protocol.frame import (
    Header,
    answer_header,
    check_header,
    frame_size,
    inspect_frame,
    read_frame,
    size_limit,
    start_header,
    write_frame,
)
from overlap.protocol.identifier import decode_identifier, encode_identifier, encode_identifiers
from overlap.protocol.matches import Matches
from overlap.protocol.passage import Passage
from overlap.protocol.stream import Body

__all__ = [
    "DEFAULT",
    "FORMAT",
    "LEVELS",
    "MAX_SIZE_BOUND",
    "PREPARED",
    "PROTOCOLS",
    "ROLES",
    "ROOM_COUNTS",
    "STATE_AFTER",
    "STEPS",
    "SUITE",
    "Amounts",
    "Body",
    "Contract",
    "Counting",
    "Header",
    "Matches",
    "Passage",
    "Protocol",
    "Side",
    "States",
    "answer_header",
    "body_size",
    "bucket_count",
    "check_header",
    "choose_protocol",
    "decode_identifier",
    "encode_identifier",
    "encode_identifiers",
    "flatten",
    "frame_size",
    "inspect_frame",
    "protocol_of",
    "read_contract",
    "read_frame",
    "role_of",
    "size_limit",
    "start_header",
    "write_frame",
]
