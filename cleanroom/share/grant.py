"""Making a share, and reading which accounts it covers.

The recipient's half of every record is in the share, sealed once more to its card; the holder's half stays
with the lease-holder. The signed grant names every ciphertext, the sealed half and a commitment to every key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from cleanroom.receipts import GRANT, read_statement, sign_statement
from cleanroom.share.sealed import SealedFormat, describe, open_file, seal_file
from cleanroom.share.terms import Record, Terms, holder_half, key_commitment, record_key
from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError, WrongRun
from overlap.keys import KEY_BYTES, NONCE_BYTES, SEAL_SUITE, Card, PartyKeys, RandomBytes, encrypt

#: 100,000 records of 2 KB with their digests; a larger grant is made as two shares.
SHARE_LIMIT_BYTES: Final = 256 * 2**20

SHARE_FORMAT: Final = SealedFormat(b"overlap-share/1\n", frozenset(), SHARE_LIMIT_BYTES, "the share")

#: A record is a handful of CRM fields; the longest one sets the size of all.
PLAIN_LIMIT_BYTES: Final = 65_536

#: Pair tokens a record: one for each identifier of an account that both sides hold.
TOKEN_LIMIT: Final = 64

#: One key encrypts one record, so the nonce can be zero.
NONCE: Final = bytes(NONCE_BYTES)

_HALF_INFO: Final = b"overlap-half/1\n"
_HINT: Final = "ask the granting party for the share again"
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class MadeShare:
    """A new share: its file, the half to keep in the vault under the share's id, and the signed grant."""

    terms: Terms
    file: bytes
    half: bytes = field(repr=False)
    statement: bytes


@dataclass(frozen=True)
class Share:
    """A share as its recipient holds it. `tokens` of record i are `tokens[i]`; values need a lease."""

    terms: Terms
    grantor: Card
    tokens: tuple[tuple[str, ...], ...]
    statement: bytes
    half: bytes = field(repr=False)
    ciphertexts: tuple[bytes, ...] = field(repr=False)
    commitments: tuple[bytes, ...] = field(repr=False)


def make_share(
    terms: Terms, records: Sequence[Record], recipient: Card, keys: PartyKeys, random: RandomBytes
) -> MadeShare:
    """Lock `records` for `recipient` under `terms`. Records are ordered by their tokens, which tells nothing.

    Raises UsageError when terms, records and parties do not fit each other or a record is too long.
    """
    _check_parties(terms, recipient, keys.card)
    ordered = sorted(records, key=lambda record: record.tokens)
    plain = [_plaintext(record, terms) for record in ordered]
    if len(plain) != terms.count:
        raise UsageError("the terms promise another number of records", "grant the share again")
    size = _record_size(plain)
    binding, half, recipient_half = terms.digest, random(KEY_BYTES), random(KEY_BYTES)
    ciphertexts, digests = [], []
    for number, text in enumerate(plain):
        key = record_key(recipient_half, holder_half(half, binding, number), binding, number)
        padded = len(text).to_bytes(4, "big") + text.ljust(size - 4, b"\0")
        ciphertexts.append(encrypt(key, NONCE, padded, record_context(binding, number)))
        digests.append([_sha(ciphertexts[-1]), key_commitment(key, binding, number).hex()])
    sealed_half = recipient.seal(_HALF_INFO + binding, recipient_half)
    tokens = [list(record.tokens) for record in ordered]
    predicate = {
        "half": _sha(sealed_half),
        "records": digests,
        "suite": SEAL_SUITE,
        "terms": terms.to_fields(),
        "tokens": _sha(canonical.encode(tokens)),
    }
    subject = {"agreement": terms.agreement, "terms": binding.hex()}
    statement = sign_statement(GRANT, subject, predicate, keys)
    sizes = {"half": len(sealed_half), "statement": len(statement), "tokens": tokens}
    body = canonical.encode(sizes) + b"\n" + statement + sealed_half + b"".join(ciphertexts)
    return MadeShare(terms, seal_file(SHARE_FORMAT, {}, body, recipient.sealing), half, statement)


def read_share(data: bytes, keys: PartyKeys, grantor: Card) -> Share:
    """The share in a file sealed to `keys`, granted by `grantor`; every digest in the grant is checked.

    Raises MalformedFile, ForgedFile, or WrongRun when the share is of or for another party.
    """
    body = open_file(SHARE_FORMAT, data, keys)
    head, _, rest = body.partition(b"\n")
    shape = {"half": int, "statement": int, "tokens": list}
    sizes = describe(canonical.decode(head, "the share's contents"), shape, "the share")
    tokens = _read_tokens(sizes["tokens"])
    if min(sizes["half"], sizes["statement"]) < 0 or sizes["half"] + sizes["statement"] > len(rest):
        raise MalformedFile("the share is cut short", _HINT)
    statement, rest = rest[: sizes["statement"]], rest[sizes["statement"] :]
    sealed_half, rest = rest[: sizes["half"]], rest[sizes["half"] :]
    terms, grant = read_grant(statement, grantor)
    _check_recipient(terms, keys.card, grantor)
    ciphertexts = _cut(rest, terms.count)
    if grant["half"] != _sha(sealed_half) or grant["tokens"] != _sha(canonical.encode(sizes["tokens"])):
        raise ForgedFile("the share is not the one its grant describes", _HINT)
    if len(tokens) != terms.count or [pair[0] for pair in grant["records"]] != list(map(_sha, ciphertexts)):
        raise ForgedFile("the share is not the one its grant describes", _HINT)
    half = keys.open_sealed(_HALF_INFO + terms.digest, sealed_half, "the share's half")
    commitments = tuple(bytes.fromhex(pair[1]) for pair in grant["records"])
    return Share(terms, grantor, tokens, statement, half, ciphertexts, commitments)


def record_context(terms: bytes, number: int) -> bytes:
    """What a record's ciphertext is bound to, as associated data."""
    return b"overlap-share-record/1\n" + terms + number.to_bytes(8, "big")


def read_grant(statement: bytes, grantor: Card) -> tuple[Terms, dict[str, Any]]:
    """The terms and the predicate of a grant that `grantor` alone has signed, checked."""
    signed = read_statement(statement, [grantor], GRANT)
    shape = {"half": str, "records": list, "suite": str, "terms": dict, "tokens": str}
    grant = describe(signed.predicate, shape, "the grant")
    terms = Terms.from_fields(grant["terms"])
    if signed.subject != {"agreement": terms.agreement, "terms": terms.digest.hex()}:
        raise ForgedFile("the grant is about another share", _HINT)
    digest = re.compile(r"[0-9a-f]{64}")
    for pair in grant["records"]:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)):
            raise MalformedFile("the grant does not have two digests a record", _HINT)
        if not all(map(digest.fullmatch, pair)):
            raise MalformedFile("the grant does not have two digests a record", _HINT)
    if grant["suite"] != SEAL_SUITE:
        raise MalformedFile("the grant is of another suite", _HINT)
    return terms, grant


def _plaintext(record: Record, terms: Terms) -> bytes:
    tokens, values = record.tokens, record.values
    if not (0 < len(set(tokens)) == len(tokens) <= TOKEN_LIMIT and all(map(_TOKEN.fullmatch, tokens))):
        raise UsageError("a record needs distinct pair tokens", "grant matched accounts only")
    if set(values) != set(terms.fields) or not all(isinstance(text, str) for text in values.values()):
        raise UsageError("a record has other fields than its terms", "release the agreed fields only")
    text = canonical.encode(dict(values))
    if len(text) > PLAIN_LIMIT_BYTES:
        raise UsageError("a record is longer than 64 KiB", "share fewer or shorter fields")
    return text


def _record_size(plain: Sequence[bytes]) -> int:
    """The common size: the longest record with its length, up to a multiple of 64 bytes."""
    return -(-(max(map(len, plain)) + 4) // 64) * 64 if plain else 0


def _read_tokens(value: list[Any]) -> tuple[tuple[str, ...], ...]:
    for tokens in value:
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise MalformedFile("the share's pair tokens are not what they should be", _HINT)
        if not (0 < len(set(tokens)) == len(tokens) <= TOKEN_LIMIT and all(map(_TOKEN.fullmatch, tokens))):
            raise MalformedFile("the share's pair tokens are not what they should be", _HINT)
    if any(above > below for above, below in pairwise(value)):
        raise MalformedFile("the share's records are not in the order of their pair tokens", _HINT)
    return tuple(tuple(tokens) for tokens in value)


def _cut(data: bytes, count: int) -> tuple[bytes, ...]:
    size, left = divmod(len(data), count)
    if left or size == 0:
        raise MalformedFile("the share's records are cut short", _HINT)
    return tuple(data[start : start + size] for start in range(0, len(data), size))


def _check_parties(terms: Terms, recipient: Card, grantor: Card) -> None:
    if (terms.recipient, terms.grantor) != (recipient.digest.hex(), grantor.digest.hex()):
        raise UsageError("the terms name other parties", "grant the share again with the present cards")


def _check_recipient(terms: Terms, own: Card, grantor: Card) -> None:
    """A share taken from its envelope and sealed again to somebody else still names its recipient."""
    if (terms.recipient, terms.grantor) != (own.digest.hex(), grantor.digest.hex()):
        raise WrongRun("the share is between other parties or cards", _HINT)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
