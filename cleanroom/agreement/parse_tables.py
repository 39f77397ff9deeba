"""The tables beside [terms]: sides, amounts, a prepared list, counting, the room, the contract."""

from __future__ import annotations

import math

from cleanroom.agreement.document import (
    AMOUNT_LIMIT,
    EVALUATIONS_LIMIT,
    FIELDS,
    KINDS_LIMIT,
    METHODS,
    MOST_LIMIT,
    NUMBER_LEVELS,
    PREPARED_BOUND_LIMIT,
    PREPARED_TAGS_LIMIT,
    ROLES,
    SIZE_BOUND_LIMIT,
    UPDATES_LIMIT,
    AmountTerms,
    CountingTerms,
    PartyTerms,
    PreparedTerms,
    RoomTerms,
    Software,
    Terms,
)
from cleanroom.agreement.forms import CURRENCY, DIGEST, EPSILON, LABEL, PARTY, PRESET, WORD
from cleanroom.agreement.presets import preset_digest
from cleanroom.agreement.section import Section
from overlap.records import AMOUNT_SOURCES


def read_side(section: Section, terms: Terms, named: bool) -> PartyTerms:
    """The table of one side; `named` in an agreement, which has parties and cards."""
    party = section.word("party", PARTY, "a party name") if named else ""
    card = section.word("card", DIGEST, "a card digest of 64 hex digits") if named else ""
    populations = section.words("populations", "population", WORD)
    fields: tuple[str, ...] = ()
    preset = ""
    if terms.level not in NUMBER_LEVELS:
        fields, preset = _read_shown(section, named)
    for key in ("fields", "preset"):
        if terms.level in NUMBER_LEVELS and section.has(key):
            what = f"stands in a {terms.level} agreement, which shows no field; leave the line out"
            section.problem(key, what)
    size_bound = section.number("size_bound", 1, SIZE_BOUND_LIMIT, "identifiers")
    return PartyTerms(party, card, populations, fields, size_bound, preset)


def _read_shown(section: Section, named: bool) -> tuple[tuple[str, ...], str]:
    """What is shown of an account, and the preset that it was taken from."""
    if not section.has("preset"):
        return section.words("fields", "field", WORD, FIELDS), ""
    preset = section.word("preset", PRESET, "the name of a preset, such as contact")
    name, _, pinned = preset.partition("@")
    if pinned or not preset:
        fields = section.words("fields", "field", WORD, FIELDS)
        if preset and fields and preset_digest(name, fields) != pinned:
            section.problem("preset", "has another digest than these fields: they are not the list it names")
        return fields, preset
    if named:
        section.problem("preset", "names no digest; an agreement says NAME@DIGEST, beside the fields")
    if section.has("fields"):
        section.problem("preset", "stands beside fields; give one of the two")
    return (), preset


def read_amounts(section: Section, terms: Terms) -> AmountTerms:
    """The table [amounts] of level `sum`."""
    held_by = section.choice("held_by", ROLES)
    if held_by and held_by == terms.starter:
        section.problem("held_by", "is the starter, but the side with the amounts answers")
    granule = section.number("granule", 1, AMOUNT_LIMIT, "currency units")
    maximum = section.number("maximum", 1, AMOUNT_LIMIT, "currency units")
    if section.raw("maximum") == maximum and maximum % granule:
        section.problem("maximum", "is not a multiple of granule")
    return AmountTerms(
        held_by,
        section.choice("of", AMOUNT_SOURCES),
        section.word("currency", CURRENCY, "a currency code of three letters, such as EUR"),
        granule,
        maximum,
    )


def read_prepared(
    sections: dict[str, Section], terms: Terms, proposer: PartyTerms, accepter: PartyTerms
) -> PreparedTerms:
    """The table [prepared], compared with the sides."""
    section = sections["prepared"]
    if terms.level in NUMBER_LEVELS or terms.protocol != METHODS[0]:
        sections["terms"].problem("level", "is not overlaps with protocol dh, which [prepared] is for")
    asker, holder = (accepter, proposer) if terms.starter == "accepter" else (proposer, accepter)
    changes = section.number("changes", 1, holder.size_bound, "identifiers")
    updates = section.number("updates", 1, UPDATES_LIMIT, "updates")
    queries = section.number("queries", 1, asker.size_bound, "identifiers")
    # The first run asks as many as the starter may have.
    evaluations = section.number("evaluations", asker.size_bound, EVALUATIONS_LIMIT, "elements")
    for role, side in (("proposer", proposer), ("accepter", accepter)):
        if side.size_bound > PREPARED_BOUND_LIMIT:
            what = f"is above {PREPARED_BOUND_LIMIT}, the most where a list is prepared"
            sections[role].problem("size_bound", what)
    if asker.size_bound > holder.size_bound:
        sections["terms"].problem("starter", "has the longer list, but the longer one is to be prepared")
    if holder.size_bound + updates * changes > PREPARED_TAGS_LIMIT:
        section.problem("updates", "with that many changes are too many to count; agree on fewer")
    return PreparedTerms(changes, updates, queries, evaluations)


def read_counting(
    section: Section, terms: Terms, proposer: PartyTerms, accepter: PartyTerms
) -> CountingTerms:
    """The table [counting] of a room, compared with the sides."""
    text = section.word("epsilon", EPSILON, 'a fraction such as "1/2", each part from 1 to 999')
    form = EPSILON.fullmatch(text)
    epsilon, epsilon_of = (int(form[1]), int(form[2])) if form else (1, 1)
    if math.gcd(epsilon, epsilon_of) > 1:
        section.problem("epsilon", 'is not in lowest terms; write "1/2" and not "2/4"')
    bounds = []
    for role, side in (("proposer", proposer), ("accepter", accepter)):
        key = f"{role}_bounds"
        found = section.written_numbers(key, SIZE_BOUND_LIMIT, "identifiers")
        bounds.append(found)
        if not found:
            continue
        if len(found) != len(side.populations):
            section.problem(key, f"does not have one number for each population of the {role}")
        elif sum(found) != side.size_bound:
            section.problem(key, f"does not add up to the {role}'s size_bound")
        if min(found) < terms.minimum_count:
            section.problem(key, "has a number below minimum_count, so its counts could never be shown")
    return CountingTerms(epsilon, epsilon_of, *bounds)


def read_room(section: Section) -> RoomTerms:
    """The table [room] of an agreement."""
    return RoomTerms(
        section.word("party", PARTY, "a party name"),
        section.word("card", DIGEST, "a card digest of 64 hex digits"),
    )


def read_software(section: Section) -> Software:
    """What the table [contract] says of the software on both sides."""
    kinds = section.words("kinds", "kind", WORD, limit=KINDS_LIMIT)
    return Software(
        protocol=section.word("protocol", LABEL, "the name of a protocol"),
        kinds=kinds,
        false_hits=section.numbers("false_hits", len(kinds), 1000, "hits in a thousand, one for each kind"),
        most=section.number("most", 1, MOST_LIMIT, "identifiers"),
        normaliser=section.word("normaliser", LABEL, "a version"),
        normaliser_digest=section.word("normaliser_digest", DIGEST, "a digest of 64 hex digits"),
        data_digest=section.word("data_digest", DIGEST, "a digest of 64 hex digits"),
    )
