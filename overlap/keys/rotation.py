"""How a card is replaced or ended: statements that anybody who holds the old card can check.

    overlap-rotation/1          old card → new card, signed by old, new and recovery key
    overlap-card-revocation/1   a card is dead, signed by the recovery key alone

The recovery key's signature stands for the phone call only because the old card, which was verified by phone,
fixed that key's digest. Who has stolen the keys of a card has not stolen what lies offline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys.card import NO_RECOVERY, USES, Card
from overlap.keys.party import PartyKeys
from overlap.keys.recovery import RecoveryKey, check_recovery

ROTATION_LINE: Final = b"overlap-rotation/1\n"
REVOCATION_LINE: Final = b"overlap-card-revocation/1\n"

#: Two cards of some 4 KB each, a key and three signatures.
ROTATION_LIMIT_BYTES: Final = 65_536

_ROTATION: Final = b"rotation"
_REVOCATION: Final = b"card revocation"
_SIGNERS: Final = ("old", "new", "recovery")
_HINT: Final = "ask the partner for the file again, and call when it stays so"


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation whose three signatures hold; `time` is unix seconds by the clock of who rotated."""

    old: Card
    new: Card
    time: int
    data: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 over the file: what the log commits to."""
        return canonical.digest(self.data)


@dataclass(frozen=True, slots=True)
class CardRevocation:
    """The end of a card, signed by its recovery key."""

    card: Card
    time: int
    data: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 over the file: what the log commits to."""
        return canonical.digest(self.data)


def make_rotation(old: PartyKeys, new: PartyKeys, recovery: RecoveryKey, time: int) -> Rotation:
    """The statement that the card of `new` takes the place of that of `old`.

    Raises UsageError when `recovery` is not the key fixed in the old card, or the cards do not differ in
    every key, the recovery key included.
    """
    if (problem := _unfit(old.card, new.card)) is not None:
        raise UsageError(problem, "rotate to keys made for it")
    require_recovery(old.card, recovery)
    message = _rotation_message(old.card, new.card, recovery.public, time)
    signatures = {
        "old": old.sign("signing", _ROTATION, message).hex(),
        "new": new.sign("signing", _ROTATION, message).hex(),
        "recovery": recovery.sign(_ROTATION, message).hex(),
    }
    value = {
        "old": old.card.to_bytes().decode(),
        "new": new.card.to_bytes().decode(),
        "recovery": recovery.public.hex(),
        "time": time,
        "signatures": signatures,
    }
    return Rotation(old.card, new.card, time, ROTATION_LINE + canonical.encode(value) + b"\n")


def read_rotation(data: bytes) -> Rotation:
    """The rotation in `data`, with all three signatures and both cards checked.

    It says nothing about whether the old card is one to be believed. Raises MalformedFile or ForgedFile.
    """
    what = "the rotation"
    value = _document(data, ROTATION_LINE, {"old", "new", "recovery", "time", "signatures"}, what)
    old, new = _card(value["old"], what), _card(value["new"], what)
    if not isinstance(value["signatures"], dict) or set(value["signatures"]) != set(_SIGNERS):
        raise ForgedFile("the rotation is not signed by old, new and recovery key", _HINT)
    signed = {name: _hex(value["signatures"][name], 64, what) for name in _SIGNERS}
    public = _hex(value["recovery"], 32, what)
    if (problem := _unfit(old, new)) is not None:
        raise ForgedFile(problem, _HINT)
    message = _rotation_message(old, new, public, value["time"])
    check_recovery(public, old.recovery, _ROTATION, message, signed["recovery"], what)
    old.verify("signing", _ROTATION, message, signed["old"], what)
    new.verify("signing", _ROTATION, message, signed["new"], what)
    return Rotation(old, new, value["time"], data)


def make_revocation(card: Card, recovery: RecoveryKey, time: int) -> CardRevocation:
    """The statement that `card` is dead; UsageError when `recovery` is not the key fixed in it."""
    require_recovery(card, recovery)
    value = {
        "card": card.to_bytes().decode(),
        "recovery": recovery.public.hex(),
        "time": time,
        "signature": recovery.sign(_REVOCATION, _revocation_message(card, time)).hex(),
    }
    return CardRevocation(card, time, REVOCATION_LINE + canonical.encode(value) + b"\n")


def read_revocation(data: bytes) -> CardRevocation:
    """The revocation in `data`, with its signature checked. Raises MalformedFile or ForgedFile."""
    what = "the revocation of the card"
    value = _document(data, REVOCATION_LINE, {"card", "recovery", "time", "signature"}, what)
    card, public = _card(value["card"], what), _hex(value["recovery"], 32, what)
    message, signature = _revocation_message(card, value["time"]), _hex(value["signature"], 64, what)
    check_recovery(public, card.recovery, _REVOCATION, message, signature, what)
    return CardRevocation(card, value["time"], data)


def require_recovery(card: Card, recovery: RecoveryKey) -> None:
    """Return when `recovery` is the key that `card` fixed; else UsageError."""
    if recovery.commitment != card.recovery:
        raise UsageError(
            "this recovery key is not the one fixed in the card",
            "give the file that was written with the present card, by 'overlap init' or the last rotation",
        )


def _unfit(old: Card, new: Card) -> str | None:
    """Why `new` cannot take the place of `old`, whatever is signed."""
    if old.party != new.party:
        return "the cards of the rotation have two names"
    if new.recovery in (old.recovery, NO_RECOVERY):
        return "the new card does not fix a new recovery key"
    # A key that stays in use is one that a thief still has.
    before = {old.sealing, *(getattr(old, use) for use in USES)}
    if before & {new.sealing, *(getattr(new, use) for use in USES)}:
        return "a key of the old card stands in the new one"
    return None


def _rotation_message(old: Card, new: Card, recovery: bytes, time: int) -> bytes:
    return canonical.encode(
        {"old": old.digest.hex(), "new": new.digest.hex(), "recovery": recovery.hex(), "time": time}
    )


def _revocation_message(card: Card, time: int) -> bytes:
    return canonical.encode({"card": card.digest.hex(), "time": time})


def _document(data: bytes, line: bytes, names: set[str], what: str) -> dict[str, Any]:
    if len(data) > ROTATION_LIMIT_BYTES:
        raise MalformedFile(f"{what} is larger than 64 KiB", _HINT)
    if not data.startswith(line) or not data.endswith(b"\n"):
        raise MalformedFile(f"{what} is not a file of version 1", _HINT)
    value = canonical.decode(data[len(line) : -1], what)
    if not isinstance(value, dict) or set(value) != names:
        raise MalformedFile(f"{what} does not have the fields of version 1", _HINT)
    if type(value["time"]) is not int or value["time"] < 0:
        raise MalformedFile(f"the time of {what} is not what it should be", _HINT)
    return value


def _card(text: Any, what: str) -> Card:
    if not isinstance(text, str):
        raise MalformedFile(f"a card of {what} is not what it should be", _HINT)
    return Card.from_bytes(text.encode())


def _hex(text: Any, length: int, what: str) -> bytes:
    """The bytes of a hex text of that length; one spelling only, so that a file has one form."""
    try:
        value = bytes.fromhex(text)
    except (TypeError, ValueError):
        value = b""
    if len(value) != length or value.hex() != text:
        raise MalformedFile(f"a key or signature of {what} is not what it should be", _HINT)
    return value
