"""Whom to ask for an introduction, who is in many accounts, and the journey of a deal, in a folder."""

from __future__ import annotations

from cleanroom.attribution import observed
from cleanroom.session.accounts.imports import deal_named, own_accounts
from cleanroom.session.attribution.crediting import judge_here
from cleanroom.session.party import Party
from overlap.errors import UsageError


def who_is_in(party: Party, account: str) -> tuple[str, str, tuple[observed.Relation, ...]]:
    """Id and name of one of our accounts, and the partners in it. `account` is its id, the beginning of one
    (15 of 18 characters), or its whole name. UsageError for none or several."""
    frame = own_accounts(party.folder)
    names = dict(zip(frame["id"].tolist(), frame["name"].tolist(), strict=True))
    plain = account.strip().casefold()
    for chosen in (
        [one for one in names if one == account],
        [one for one in names if account and one.startswith(account)],
        [one for one, name in names.items() if plain and name.strip().casefold() == plain],
    ):
        if len(chosen) == 1:
            judged = judge_here(party).judged
            return chosen[0], names[chosen[0]], observed.relations_of(judged, chosen[0])
    raise UsageError(
        "no account of ours, or more than one, is called so", "give its id, as in the export of the CRM"
    )


def who_connects(party: Party) -> tuple[observed.Connector, ...]:
    """Every partner, those that act in the most accounts first."""
    return observed.connectors_of(judge_here(party).judged)


def journey(party: Party, opportunity: str) -> tuple[observed.Step, ...]:
    """The journey of a deal; `opportunity` is its id or its beginning. UsageError for none or several."""
    judged = judge_here(party).judged
    return observed.journey_of(judged, deal_named(judged.deals.ids.to_pylist(), opportunity))
