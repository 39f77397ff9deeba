"""Identity: what makes two accounts the same one, as match keys that both sides compute alike.

    account ─ normalise_domain, normalise_name, normalise_country, normalise_registration,
              normalise_linkedin ─→ Outcome
            ─ identify ─→ identifiers (account, kind, value) and what was dropped, by reason
    accounts and an alias file ─ know ─→ Known ─ identify_known ─→ identifiers under all names
                                               ─ with_groups ─→ and those of each account's group
    identifiers and the numbers of one registry ─ with_veto ─→ identifiers that differing numbers keep apart
    a matched domain and its account's name ─ explains ─→ whether the one speaks for the other
    one account ─ read_cells, explain_kinds ─→ what its cells became, its identifiers, and why not the others

Every normaliser takes any text and answers with a value or a reason, and gives its own values back unchanged.
NORMALISER, normaliser_digest and data_digest say which rules and lists were used; the contract carries them.
Names are loaded on first use, so that importing the package does not import pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.identity.aliases import Known, find_accounts, identify_known, know
    from overlap.identity.cells import Cell, read_cells
    from overlap.identity.compose import JOINT, ROLES
    from overlap.identity.country import normalise_country
    from overlap.identity.domain import normalise_cell, normalise_domain
    from overlap.identity.facts import COLUMNS
    from overlap.identity.groups import identify_tops, with_groups
    from overlap.identity.identifiers import Identified, identify
    from overlap.identity.kinds import (
        ALL_KINDS,
        CANDIDATE_KINDS,
        CERTAIN_KINDS,
        GROUP_KINDS,
        KIND,
        KINDS,
        MOST,
        NORMALISER,
        WEBSITE_KINDS,
        Kind,
        kinds_for,
        normaliser_digest,
        website_of,
    )
    from overlap.identity.label import explains
    from overlap.identity.linkedin import linkedin_of, normalise_linkedin
    from overlap.identity.missing import Given, Missing, explain_kinds, telling_words
    from overlap.identity.name import normalise_name
    from overlap.identity.outcome import Outcome
    from overlap.identity.parents import find_roots, plain, read_parents
    from overlap.identity.registration import normalise_registration
    from overlap.identity.resources import data_digest
    from overlap.identity.veto import NO_VETO, vetoed, with_veto, without_veto
    from overlap.identity.worker import Wanted

__all__ = [
    "ALL_KINDS",
    "CANDIDATE_KINDS",
    "CERTAIN_KINDS",
    "COLUMNS",
    "GROUP_KINDS",
    "JOINT",
    "KIND",
    "KINDS",
    "MOST",
    "NORMALISER",
    "NO_VETO",
    "ROLES",
    "WEBSITE_KINDS",
    "Cell",
    "Given",
    "Identified",
    "Kind",
    "Known",
    "Missing",
    "Outcome",
    "Wanted",
    "data_digest",
    "explain_kinds",
    "explains",
    "find_accounts",
    "find_roots",
    "identify",
    "identify_known",
    "identify_tops",
    "kinds_for",
    "know",
    "linkedin_of",
    "normalise_cell",
    "normalise_country",
    "normalise_domain",
    "normalise_linkedin",
    "normalise_name",
    "normalise_registration",
    "normaliser_digest",
    "plain",
    "read_cells",
    "read_parents",
    "telling_words",
    "vetoed",
    "website_of",
    "with_groups",
    "with_veto",
    "without_veto",
]

_HOMES = {
    "ALL_KINDS": "kinds",
    "CANDIDATE_KINDS": "kinds",
    "CERTAIN_KINDS": "kinds",
    "Cell": "cells",
    "COLUMNS": "facts",
    "data_digest": "resources",
    "explain_kinds": "missing",
    "explains": "label",
    "find_accounts": "aliases",
    "find_roots": "parents",
    "GROUP_KINDS": "kinds",
    "JOINT": "compose",
    "Given": "missing",
    "Identified": "identifiers",
    "identify": "identifiers",
    "identify_known": "aliases",
    "identify_tops": "groups",
    "KIND": "kinds",
    "Kind": "kinds",
    "KINDS": "kinds",
    "kinds_for": "kinds",
    "know": "aliases",
    "Known": "aliases",
    "linkedin_of": "linkedin",
    "Missing": "missing",
    "MOST": "kinds",
    "normalise_cell": "domain",
    "normalise_country": "country",
    "normalise_domain": "domain",
    "normalise_linkedin": "linkedin",
    "normalise_name": "name",
    "normalise_registration": "registration",
    "NO_VETO": "veto",
    "NORMALISER": "kinds",
    "normaliser_digest": "kinds",
    "Outcome": "outcome",
    "plain": "parents",
    "read_parents": "parents",
    "read_cells": "cells",
    "ROLES": "compose",
    "telling_words": "missing",
    "Wanted": "worker",
    "WEBSITE_KINDS": "kinds",
    "website_of": "kinds",
    "vetoed": "veto",
    "with_groups": "groups",
    "with_veto": "veto",
    "without_veto": "veto",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
