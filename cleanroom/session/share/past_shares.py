"""What a partner showed us under cards that are out of use: the share is gone, its signed papers are kept."""

from __future__ import annotations

from collections.abc import Iterator

from cleanroom.moment import moment_of
from cleanroom.receipts import GRANT, RELEASE, REVOCATION, outline
from cleanroom.session.audit.receipting import Receipt, kept_receipts
from cleanroom.session.party import Party
from cleanroom.session.share.sharing import ListedShare
from cleanroom.share import Terms

#: The state of a share that ended because a card did.
ENDED_WITH_CARD = "ended with its card, erased"


def past_shares(party: Party, partner: str) -> list[ListedShare]:
    """The shares that this partner granted to us under earlier cards, by their ids.

    `until` is when the share ended, at the latest with the first of its two cards.
    """
    receipts = list(kept_receipts(party, partner))
    here = set(party.folder.names("shares", "received", suffix=".record"))
    revoked = {one: time for one, time, _ in _about(receipts, REVOCATION)}
    releases = list(_about(receipts, RELEASE))
    found = []
    for receipt in receipts:
        if receipt.kind != GRANT:
            continue
        terms = Terms.from_fields(outline(receipt.data).predicate["terms"])
        if terms.share in here or terms.grantor != receipt.signers[0]:
            continue
        ends = [terms.until, revoked.get(terms.share), *map(party.end_of_card, _cards(terms))]
        opened = [(time, records) for share, time, records in releases if share == terms.share]
        found.append(
            ListedShare(
                terms.share,
                "from",
                partner,
                terms.count,
                max((records for _, records in opened), default=0),
                "revoked, erased" if terms.share in revoked else ENDED_WITH_CARD,
                moment_of(min(end for end in ends if end is not None)),
                0,
                list(terms.fields),
                list(terms.purposes),
                terms.scope,
                "all" if terms.scope == "all" else "overlaps",
                None,
                moment_of(max(time for time, _ in opened)) if opened else "",
                "countersigned" if len(receipt.signers) > 1 else "waiting",
            )
        )
    return sorted(found, key=lambda one: one.share)


def _cards(terms: Terms) -> tuple[str, str]:
    return terms.grantor, terms.recipient


def _about(receipts: list[Receipt], kind: str) -> Iterator[tuple[str, int, int]]:
    """Share, time and number of records of each receipt of a kind."""
    for receipt in receipts:
        if receipt.kind == kind:
            said = outline(receipt.data).predicate
            yield str(said["share"]), int(said["time"]), int(said["records"])
