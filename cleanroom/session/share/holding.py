"""Our folder as lease-holder for one partner: where its state lies, and how it decides.

shares/granted/PARTNER     terms, reads and ends of all shares granted to a partner
shares/grants/SHARE        the grant receipt: signed by us, then by the partner too
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cleanroom.agreement import Request as Asked
from cleanroom.agreement import decide
from cleanroom.receipts import STATEMENT_LIMIT_BYTES
from cleanroom.session.agreement.agreements import agreement_with_digest
from cleanroom.session.audit.witnessing import own_cosigned
from cleanroom.session.folder import Folder, read_whole, write_whole
from cleanroom.session.match.frames import highest_peer_time
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import why_not_shown
from cleanroom.session.share.lent_shares import PartnerHolder
from cleanroom.share import HolderState, Request, Terms

STATE_LIMIT = 2**30


@dataclass(frozen=True)
class KeptGrants:
    """The grant receipts in a folder."""

    folder: Folder

    def read(self, share: str) -> bytes:
        """The receipt kept last for the share; BadInput when there is none."""
        return read_whole(self._place(share), STATEMENT_LIMIT_BYTES)

    def keep(self, share: str, receipt: bytes) -> None:
        """Put the receipt in the place of the one before; on disk when this returns."""
        write_whole(self._place(share), receipt)

    def _place(self, share: str) -> Path:
        return self.folder.path("shares", "grants", share)


def open_holder(party: Party, partner: str) -> PartnerHolder:
    """The lease-holder for what we show to `partner`; its time counts what the partner has signed."""
    holder = PartnerHolder(
        party,
        partner,
        party.vault(),
        party.log(partner),
        party.keys,
        party.keys.card,
        party.card_of(partner),
        read_holder_state(party, partner),
        grants=KeptGrants(party.folder),
        save=lambda state: write_whole(_place(party, partner), state.to_bytes()),
        decide=lambda terms, request, read, now: _refusal(party, partner, terms, request, now),
        random=party.random,
    )
    holder.heard(highest_peer_time(party, partner))
    return holder


def read_holder_state(party: Party, partner: str) -> HolderState:
    """What we remember of the shares granted to `partner`."""
    place = _place(party, partner)
    return HolderState.from_bytes(read_whole(place, STATE_LIMIT)) if place.is_file() else HolderState()


def begin_with_new_log(party: Party, partner: str) -> None:
    """Forget what the state says about places in a log that is closed; shares and their ends stay."""
    place = _place(party, partner)
    if place.is_file():
        state = replace(read_holder_state(party, partner), position=0, announced="", shown="")
        write_whole(place, state.to_bytes())


def _refusal(party: Party, partner: str, terms: Terms, request: Request, now: int) -> str | None:
    """Why the agreement does not let `partner` read now, or None."""
    if not party.is_verified(partner):
        return "the partner's card is not verified"
    if (cosigned := own_cosigned(party, partner)) is not None:
        party.log(partner).require_contains(cosigned.checkpoint)
    signed = agreement_with_digest(party, terms.agreement)
    ours = signed.agreement.role_of(party.name)
    assert ours is not None
    action, by = ("read", partner) if terms.scope == "matched" else ("disclose", party.name)
    for population in signed.agreement.side(ours).populations:
        for field in terms.fields:
            decision = decide(signed, Asked(action, by, field, population, request.purpose), now)
            if not decision.allowed:
                return f"clause {decision.clause}: {decision.reason}"
    if why := why_not_shown(party, partner, terms.share, terms.run):
        return f"{why}: revoke the share and grant a new one"
    return None


def _place(party: Party, partner: str) -> Path:
    return party.folder.path("shares", "granted", partner)
