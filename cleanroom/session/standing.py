"""What is in the folder, and what waits for somebody: one line for each thing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cleanroom.agreement import SignedAgreement
from cleanroom.number import count_of
from cleanroom.session.accounts.imports import read_imports
from cleanroom.session.agreement.agreements import (
    agreement_name,
    agreements_with,
    list_agreements,
    partner_of,
    starter_of,
)
from cleanroom.session.match.matching import list_runs
from cleanroom.session.match.prepared_lists import PreparedList
from cleanroom.session.match.probing import jumps_in
from cleanroom.session.match.runs import all_runs
from cleanroom.session.partners import list_partners
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import release_state
from cleanroom.session.room.room_counting import progress_of
from cleanroom.session.share.shared_accounts import latest_runs
from cleanroom.session.share.sharing import list_shares
from overlap.errors import Refused


@dataclass(frozen=True)
class Status:
    """What is in the folder: facts, and as text."""

    facts: dict[str, Any]
    lines: list[str]


def describe_folder(party: Party) -> Status:
    """Imports, partners, agreements, prepared lists, runs, what waits for a review, and shares."""
    imports, partners, agreements = read_imports(party.folder), list_partners(party), list_agreements(party)
    runs, shares = list_runs(party), list_shares(party)
    prepared, reviews, jumps = _prepared_lists(party), _reviews(party), _jumps(party)
    counts = [{"run": one.run, "what": what} for one in all_runs(party) if (what := progress_of(party, one))]
    lines = [
        f"party     {party.name}",
        *(f"import    {one['rows']:,} {one['what']} {one['population']}".rstrip() for one in imports),
        *(f"partner   {one.name}, {'verified' if one.verified else 'NOT VERIFIED'}" for one in partners),
        *(f"agreement {one.id}, {one.state}, until {one.until or 'accepted'}" for one in agreements),
        *(f"prepared  {line}" for _, line in prepared),
        *(f"run       {one.run[:8]} with {one.partner}, {one.state}" for one in runs),
        *(f"counts    run {one['run'][:8]}: {one['what']}" for one in counts),
        *(f"careful   run {one['run'][:8]}: {one['what']}" for one in jumps),
        *(
            f"review    {one['open']:,} open of run {one['run'][:8]} with {one['partner']}: "
            "'overlap review list'"
            for one in reviews
        ),
        *(f"share     {one.share[:8]}, {one.direction} {one.partner}, {one.state}" for one in shares),
    ]
    facts = {
        "party": party.name,
        "imports": imports,
        "partners": [asdict(partner) for partner in partners],
        "agreements": [asdict(agreement) for agreement in agreements],
        "prepared": [known for known, _ in prepared],
        "runs": [asdict(run) for run in runs],
        "counts": counts,
        "jumps": jumps,
        "reviews": reviews,
        "shares": [asdict(share) for share in shares],
    }
    return Status(facts, lines)


def _prepared_lists(party: Party) -> list[tuple[dict[str, Any], str]]:
    """Facts and text of the prepared list of each agreement in force that has one."""
    return [
        _prepared_list(party, signed)
        for partner in party.partners()
        for signed in agreements_with(party, partner)
        if signed.agreement.terms.prepared and signed.not_before <= party.time_with(partner) < signed.until
    ]


def _prepared_list(party: Party, signed: SignedAgreement) -> tuple[dict[str, Any], str]:
    """`version` is -1 before there is a list here; `lost` says why one that was here is not usable."""
    name, partner, ours = (
        agreement_name(signed),
        partner_of(party, signed.agreement),
        starter_of(signed) != party.name,
    )
    prepared = PreparedList(party, signed)
    version, lost = -1, ""
    if not prepared.has("holder" if ours else "asker"):
        missing = "'overlap match prepare' makes our list"
        line = f"nothing yet for {name}: {missing if ours else f'{partner} prepares its list and sends it'}"
    else:
        try:
            if ours:
                holder = prepared.holder(rows=False)
                version, (runs, _, updates) = holder.version, holder.left
                left = f"{count_of(runs, 'run')} and {count_of(updates, 'update')} left"
                line = f"our list for {name}, version {version}, {left}"
            else:
                version = prepared.asker(tags=False).version
                line = f"list of {partner} for {name}, version {version}"
        except Refused as refused:
            # A folder put back from a backup has the list and not its key; the rest is still to be told.
            lost = str(refused)
            line = f"{'our list' if ours else f'list of {partner}'} for {name}, not usable: {lost}"
    facts = {"agreement": name, "partner": partner, "ours": ours, "version": version, "lost": lost}
    return facts, line


def _jumps(party: Party) -> list[dict[str, str]]:
    """What was much larger in a run than in all runs before with its partner."""
    records = all_runs(party)
    return [{"run": one.run, "what": what} for one in records for what in jumps_in(one, records)]


def _reviews(party: Party) -> list[dict[str, Any]]:
    """The newest run with each partner that has accounts nobody has decided about."""
    found = []
    for record in latest_runs(party):
        waiting = int((release_state(party, record).rows["review"] == "open").sum())
        if waiting:
            found.append({"run": record.run, "partner": record.partner, "open": waiting})
    return found
