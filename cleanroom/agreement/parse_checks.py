"""What a policy or an agreement says in two tables at once: bounds, pairs, sides that differ, rooms."""

from __future__ import annotations

from itertools import product

from cleanroom.agreement.document import (
    AMOUNTS_BOUND_LIMIT,
    NUMBER_LEVELS,
    ROLES,
    PartyTerms,
    RoomTerms,
    Terms,
)
from cleanroom.agreement.section import Section

Sections = dict[str, Section]


def check_document(sections: Sections, terms: Terms, proposer: PartyTerms, accepter: PartyTerms) -> None:
    """Report every contradiction between the tables of a policy or an agreement."""
    _check_bounds(sections, terms, proposer, accepter)
    if terms.pairs:
        _check_pairs(sections["terms"], terms, proposer, accepter)
    _check_asymmetry(sections["terms"], terms, differing(proposer, accepter))


def differing(proposer: PartyTerms, accepter: PartyTerms) -> tuple[str, ...] | None:
    """Which of populations and fields differ between the sides; None while a preset is not looked up."""
    populations = _differ(proposer.populations, accepter.populations)
    same_preset = bool(proposer.preset) and proposer.preset == accepter.preset
    unknown = any(side.preset and not side.fields for side in (proposer, accepter))
    if unknown and not same_preset and not populations:
        return None
    fields = not same_preset and _differ(proposer.fields, accepter.fields)
    return tuple(name for name, differ in (("populations", populations), ("fields", fields)) if differ)


def _differ(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two lists name different things; a list that could not be read is reported elsewhere."""
    return bool(one) and bool(other) and set(one) != set(other)


def check_names(
    sections: Sections, terms: Terms, sides: tuple[PartyTerms, PartyTerms], room: RoomTerms | None
) -> None:
    """Report parties that are one, and a room that is missing, not needed, or one of the sides."""
    proposer, accepter = sides
    if proposer.party == accepter.party or proposer.card == accepter.card:
        sections["accepter"].problem("party", "is the same party or card as the proposer")
    if room is not None and any(room.party == side.party or room.card == side.card for side in sides):
        sections["room"].problem("party", "is the same party or card as one of the sides")
    if room is None and terms.lease_holder == "room":
        sections["terms"].problem("lease_holder", "is room, but there is no table [room]")
    if room is None and terms.counting:
        sections["counting"].problem("epsilon", "is for a room, but there is no table [room]")
    if room is not None and not terms.needs_room:
        sections["room"].problem("party", "has no part: neither lease_holder nor [counting] asks for a room")


def _check_bounds(sections: Sections, terms: Terms, proposer: PartyTerms, accepter: PartyTerms) -> None:
    if terms.minimum_count > min(proposer.size_bound, accepter.size_bound):
        sections["terms"].problem("minimum_count", "is larger than a size_bound, so no result could be shown")
    if terms.amounts and terms.amounts.held_by in ROLES:
        holder = {"proposer": proposer, "accepter": accepter}[terms.amounts.held_by]
        if holder.size_bound > AMOUNTS_BOUND_LIMIT:
            place = sections[terms.amounts.held_by]
            place.problem(
                "size_bound", f"is above {AMOUNTS_BOUND_LIMIT}, the most amounts that are encrypted"
            )


def _check_pairs(section: Section, terms: Terms, proposer: PartyTerms, accepter: PartyTerms) -> None:
    for at, (role, side) in enumerate(zip(ROLES, (proposer, accepter), strict=True)):
        paired = {pair[at] for pair in terms.pairs}
        if paired - set(side.populations):
            section.problem("pairs", f"names a population that is not in {role}.populations")
        if set(side.populations) - paired:
            what = f"leaves a population of {role}.populations without a partner; pair it, or strike it out"
            section.problem("pairs", what)
    every = set(product(proposer.populations, accepter.populations))
    if terms.level in NUMBER_LEVELS and every - set(terms.pairs):
        what = f"leaves a pair out, but level {terms.level} tells numbers over all of them; leave pairs out"
        section.problem("pairs", what)


def _check_asymmetry(section: Section, terms: Terms, names: tuple[str, ...] | None) -> None:
    if names and not section.has("asymmetry"):
        what = f"is missing, but the {' and '.join(names)} of the sides differ; say why, for both to read"
        section.problem("asymmetry", what)
    elif names == () and terms.asymmetry:
        section.problem("asymmetry", "gives a reason, but the sides do not differ; leave it out")
