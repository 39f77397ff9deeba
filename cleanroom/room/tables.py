"""The tables of a room's database. Digests, ids and keys are hex; times are whole unix seconds."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS cards (digest TEXT, card BLOB, registered BIGINT)",
    # Cards whose owners have rotated or revoked them, with the statement that says so.
    "CREATE TABLE IF NOT EXISTS ended (card TEXT, statement BLOB, time BIGINT)",
    "CREATE TABLE IF NOT EXISTS invitations (card TEXT, inviter TEXT, expires BIGINT)",
    "CREATE TABLE IF NOT EXISTS members (party TEXT, keyid TEXT, key TEXT, role TEXT, added BIGINT)",
    # Members as a backup knew them: who was removed after it is among them, so nobody is until confirmed.
    "CREATE TABLE IF NOT EXISTS suspended (party TEXT, keyid TEXT, key TEXT, role TEXT, added BIGINT)",
    # When the room was restored from a backup.
    "CREATE TABLE IF NOT EXISTS facts (name TEXT, value BIGINT)",
    "CREATE TABLE IF NOT EXISTS messages (id TEXT, sender TEXT, recipient TEXT, kind TEXT, size BIGINT,"
    ' sha256 TEXT, "offset" BIGINT, announced BIGINT, completed BIGINT)',
    "CREATE TABLE IF NOT EXISTS counts (name TEXT, run TEXT, starter TEXT, responder TEXT, contract TEXT,"
    " state TEXT, reason TEXT, begun BIGINT)",
    # The newest checkpoint of a pair's log that a party has cosigned, and when it was shown last.
    "CREATE TABLE IF NOT EXISTS cosignatures (origin TEXT, party TEXT, size BIGINT, note TEXT, shown BIGINT)",
)
