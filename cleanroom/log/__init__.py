"""The log: what happened between two parties, append-only, provable to anybody, readable by nobody else.

entry       one event: kind, time, counts, and digests that only a salt of the owner opens
checkpoint  a signed statement of the log's size and root, as a signed note
cosignature what the peer signs below a checkpoint that it has checked
note        signed notes with any number of signatures, and the keys of witnesses
file        the log file, its salts and its head, written so that a crash loses nothing
tree        the index beside it, so that proofs are quick
verify      what was changed, removed, inserted or moved, and at which line
"""

from cleanroom.log.checkpoint import Checkpoint, log_origin, read_checkpoint
from cleanroom.log.cosignature import Cosigned, cosign, read_cosigned
from cleanroom.log.entry import KINDS, Entry, Facts, bucket, commitment
from cleanroom.log.file import Log, read_salt
from cleanroom.log.lines import last_checkpoint
from cleanroom.log.note import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteKey,
    NoteSignature,
    cosigned_bytes,
    witness_key,
)
from cleanroom.log.verify import Finding, verify_log

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "KINDS",
    "Checkpoint",
    "Cosigned",
    "Entry",
    "Facts",
    "Finding",
    "Log",
    "Note",
    "NoteKey",
    "NoteSignature",
    "bucket",
    "commitment",
    "cosign",
    "cosigned_bytes",
    "last_checkpoint",
    "log_origin",
    "read_checkpoint",
    "read_cosigned",
    "read_salt",
    "verify_log",
    "witness_key",
]
