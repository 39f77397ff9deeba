"""The house's seal on the money ledger: whoever can write the folder cannot make the ledger anew.

    money/seal   {"entries": n, "head": hex, "next": [hex, ...], "signature": hex}

`head` is the head after the first n entries; `next` are the digests of entries that are being written. The
seal is written before them, so that a killed command leaves n entries and some of those, and once more after
them, without any, so that nothing can be cut off. A folder put back to an earlier day as a whole bears the
seal of that day: only the heads in the logs of partners tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cleanroom.attribution import ledger
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import BadInput, ForgedFile
from overlap.keys import Card, verify_plain

PLACE: Final = ("money", "seal")

_SIGNED: Final = b"overlap-money-seal/1\n"
_RESTORE: Final = "restore the folder money/ as a whole from a backup"


def put_seal(party: Party, entries: Sequence[ledger.Entry], coming: Sequence[ledger.Entry] = ()) -> None:
    """Sign the head after `entries`, and the digests of those that are about to be written."""
    fields = {
        "entries": len(entries),
        "head": ledger.head_of(entries),
        "next": [one.digest for one in coming],
    }
    signature = party.keys.sign_raw("signing", _message(fields)).hex()
    party.folder.write_record(fields | {"signature": signature}, *PLACE)


def check_seal(party: Party, entries: Sequence[ledger.Entry]) -> bool:
    """Return when these are the entries that were sealed, and whether the seal says nothing else.

    False after a killed command: some of the entries that it wrote are there, or none, and all of them fit.
    Raises BadInput for a ledger that is not the sealed one, ForgedFile for a seal that is not ours.
    """
    if not party.folder.path(*PLACE).is_file():
        if entries:
            raise BadInput("the money ledger bears no seal of ours", _RESTORE)
        return True
    fields = party.folder.read_record(*PLACE)
    _check_signature(fields, party.keys.card)
    count, coming = int(fields["entries"]), list(fields["next"])
    rest = [one.digest for one in entries[count:]]
    if (
        len(entries) < count
        or ledger.head_of(entries[:count]) != fields["head"]
        or rest != coming[: len(rest)]
    ):
        raise BadInput("the money ledger is not the one that we sealed last", _RESTORE)
    return not coming


def carry_seal(before: Party, after: Party) -> None:
    """The seal of the old keys under the new ones; one that is neither's is left as it is."""
    if not before.folder.path(*PLACE).is_file():
        return
    fields = before.folder.read_record(*PLACE)
    try:
        _check_signature(fields, before.keys.card)
    except ForgedFile:
        return
    signature = after.keys.sign_raw("signing", _message(fields)).hex()
    after.folder.write_record(fields | {"signature": signature}, *PLACE)


def _message(fields: dict[str, Any]) -> bytes:
    return _SIGNED + canonical.encode({name: fields[name] for name in ("entries", "head", "next")})


def _check_signature(fields: dict[str, Any], card: Card) -> None:
    """Return when the seal is by this card; else ForgedFile."""
    try:
        signature, message = bytes.fromhex(fields["signature"]), _message(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ForgedFile("the seal of the money ledger is damaged", _RESTORE) from error
    verify_plain(card.signing, message, signature, "the seal of the money ledger")
