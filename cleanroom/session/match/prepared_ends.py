"""Where prepared lists lie, and their end: everything of one ends with its agreement.

Each is a folder prepared/AGREEMENT; `cleanroom.session.match.prepared_lists` says what is in it.
"""

from __future__ import annotations

from typing import Final

from cleanroom.agreement import SignedAgreement
from cleanroom.durable import erase
from cleanroom.session.agreement.agreements import agreement_name, agreements_with
from cleanroom.session.party import Party

PREPARED: Final = "prepared"


def half_name(signed: SignedAgreement) -> str:
    """Under which name the vault holds the second half of the key of a prepared list."""
    return signed.file_digest[:32]


def end_prepared(party: Party) -> None:
    """Destroy what is kept of prepared lists whose agreement has ended by our clock or by the log."""
    kept = set(party.folder.names(PREPARED))
    if not kept:
        return
    for partner in party.partners():
        for signed in agreements_with(party, partner):
            if agreement_name(signed) in kept and party.time_with(partner) >= signed.until:
                _destroy(party, partner, signed)


def _destroy(party: Party, partner: str, signed: SignedAgreement) -> None:
    place = party.folder.path(PREPARED, agreement_name(signed))
    for name in party.vault().names():
        if name.startswith(half_name(signed)):
            party.vault().destroy(name)
    party.note(partner, "preparation", ended=bytes.fromhex(signed.file_digest))
    for path in sorted(place.iterdir()):
        erase(path, party.random)
    place.rmdir()
