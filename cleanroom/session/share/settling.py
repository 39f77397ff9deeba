"""What every command does first: end what has ended by now, in both directions."""

from __future__ import annotations

from cleanroom.session.match.prepared_ends import end_prepared
from cleanroom.session.match.runs import forget_ended
from cleanroom.session.party import Party
from cleanroom.session.share.granting import expire_shares
from cleanroom.session.share.releases import erase_ended


def settle_ended(party: Party) -> None:
    """Refuse and, where a second clock agrees, destroy what we granted; erase what was shown to us
    and what is kept of prepared lists."""
    expire_shares(party, confirmed=False)
    erase_ended(party)
    forget_ended(party)
    end_prepared(party)
