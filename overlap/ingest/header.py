"""Which record is the header, which profile it belongs to, and which column is which field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from overlap.errors import BadInput, OverlapError, UsageError
from overlap.ingest.pile import Candidate, Opened
from overlap.ingest.profiles import ALIASES, MARKS, PROFILES, plain_header


@dataclass(frozen=True)
class Kind:
    """What is read: accounts, opportunities, ... A header must name one field of each group in `needs`."""

    name: str
    needs: tuple[tuple[str, ...], ...]
    sample: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that a column can be mapped to."""
        return tuple(ALIASES[self.name]["generic"])


ACCOUNTS: Final = Kind(
    "accounts",
    (
        (
            *("name", "website", "domains", "linkedin"),
            *("lei", "duns", "vat", "registration_number", "isin", "ticker"),
        ),
    ),
    "id,name,website / 1,Example Ltd,example.com",
)
OPPORTUNITIES: Final = Kind(
    "opportunities",
    (("account_id",), ("stage", "status", "is_closed")),
    "id,account_id,stage / 7,1,Closed Won",
)
ACTIONS: Final = Kind(
    "actions",
    (("opportunity_id", "account_id"), ("type", "date", "partner")),
    "opportunity_id,partner,type,date / 7,Partner Inc,introduction,2026-01-31",
)
TERRITORIES: Final = Kind(
    "territories",
    (("account_id",), ("territory_id", "territory_name")),
    "account_id,territory_id,territory_name / 1,T1,North",
)
ATTRIBUTIONS: Final = Kind(
    "attributions",
    (("opportunity_id",), ("partner",), ("status", "share")),
    "opportunity_id,partner,status / 7,Partner Inc,Sourced",
)
STAGES: Final = Kind(
    "stages",
    (("opportunity_id",), ("stage",), ("entered",)),
    "opportunity_id,stage,entered / 7,Negotiation,2026-01-31",
)
ALIASES_OF_ACCOUNTS: Final = Kind(
    "aliases",
    (
        ("account_id", "account_name", "account_domain"),
        (
            *("alias_name", "alias_domain", "parent_id", "parent_name", "parent_domain"),
            *("parent_lei", "parent_duns", "parent_vat", "parent_registration_number"),
        ),
    ),
    "account_id,alias_name,alias_domain,parent_name / 1,Old Name Ltd,old-name.example,Holding Inc",
)
RESTRICTIONS: Final = Kind(
    "restrictions",
    (("account_id", "account_name", "account_domain", "column"), ("rule",)),
    "account_id,rule / 1,private",
)
PAIRS: Final = Kind(
    "pairs",
    (("left_id",), ("right_id",)),
    "left_id,right_id / 1,A7",
)


@dataclass(frozen=True)
class Understanding:
    """The candidate chosen, its header record (from 0), and the position of the column of each field."""

    candidate: Candidate
    header: int
    profile: str
    positions: Mapping[str, int]

    @property
    def headers(self) -> Sequence[str]:
        return self.candidate.preview[self.header]

    def mapping(self) -> dict[str, str]:
        """For each field found, its header as it stands in the file."""
        return {field: self.headers[position] for field, position in self.positions.items()}

    def column(self, name: str) -> int:
        """The position of a column named by its header or by its field; UsageError when there is none."""
        found = _position(self.headers, name)
        if found is None:
            found = self.positions.get(name)
        if found is None:
            raise _unknown_column(self.headers)
        return found


def understand(
    opened: Opened, kind: Kind, mapping: Mapping[str, str] | None, profile: str | None
) -> Understanding:
    """The best header of all candidates: most fields named, then most records of the header's width.

    `mapping` gives the header of a field, or "" for a field to leave empty; a given `profile` is not guessed.
    Raises UsageError for an unknown field, column or profile, BadInput when no header is found.
    """
    overrides = dict(mapping or {})
    _check_names(kind, overrides, profile)
    best: tuple[tuple[int, float], Understanding] | None = None
    for candidate in opened.candidates:
        for index, record in enumerate(candidate.preview):
            chosen = profile or detect(kind, record)
            positions = _assign(kind, record, overrides, chosen)
            if not all(any(field in positions for field in group) for group in kind.needs):
                continue
            score = (len(positions), _consistency(candidate.preview[index:]))
            if best is None or score > best[0]:
                best = score, Understanding(candidate, index, chosen, positions)
    if best is None:
        raise _no_header(opened, kind, overrides)
    found = best[1]
    if any(name and _position(found.headers, name) is None for name in overrides.values()):
        raise _unknown_column(found.headers)
    return found


def detect(kind: Kind, headers: Iterable[str]) -> str:
    """The profile with the highest score (two a mark, one a field), or `generic` where no mark is seen."""
    plain = {plain_header(header) for header in headers}
    scores = {
        profile: 2 * len(plain & marks) + len(_own_fields(kind, profile, plain))
        for profile, marks in MARKS.items()
        if plain & marks
    }
    return max(scores, key=lambda profile: scores[profile], default="generic")


def _own_fields(kind: Kind, profile: str, plain: set[str]) -> list[str]:
    aliases = ALIASES[kind.name].get(profile, {})
    return [field for field, names in aliases.items() if not plain.isdisjoint(names)]


def _assign(kind: Kind, headers: Sequence[str], overrides: Mapping[str, str], profile: str) -> dict[str, int]:
    plain: dict[str, int] = {}
    for position, header in enumerate(headers):
        plain.setdefault(plain_header(header), position)
    tables = ALIASES[kind.name]
    positions: dict[str, int] = {}
    for field in kind.fields:
        if field in overrides:
            found = _position(headers, overrides[field]) if overrides[field] else None
        else:
            names = (*tables.get(profile, {}).get(field, ()), *tables["generic"][field])
            found = next((plain[name] for name in names if name in plain), None)
            # A column belongs to one field, unless the user says otherwise.
            if found in positions.values():
                found = None
        if found is not None:
            positions[field] = found
    return positions


def _position(headers: Sequence[str], name: str) -> int | None:
    """The column whose header is `name`: literally if there is one, else in plain form."""
    if name in headers:
        return headers.index(name)
    plain = [plain_header(header) for header in headers]
    wanted = plain_header(name)
    return plain.index(wanted) if wanted and wanted in plain else None


def _consistency(records: Sequence[Sequence[str]]) -> float:
    filled = [record for record in records if any(record)]
    return sum(len(record) == len(records[0]) for record in filled) / len(filled)


def _check_names(kind: Kind, overrides: Mapping[str, str], profile: str | None) -> None:
    if profile is not None and profile not in PROFILES:
        raise UsageError("there is no such profile", f"choose one of {', '.join(PROFILES)}")
    unknown = sorted(set(overrides) - set(kind.fields))
    if unknown:
        raise UsageError(
            f"{kind.name} have no field {', '.join(unknown)}", f"choose from {', '.join(kind.fields)}"
        )


def _unknown_column(headers: Sequence[str]) -> UsageError:
    names = ", ".join(header.strip() for header in headers if header.strip())
    return UsageError("the file has no such column", f"its columns are: {names}")


def _no_header(opened: Opened, kind: Kind, overrides: Mapping[str, str]) -> OverlapError:
    groups = " and ".join(f"one of {', '.join(group)}" if group[1:] else group[0] for group in kind.needs)
    if overrides and not opened.encoding and len(opened.candidates[0].preview) == 1:
        # The columns of a DataFrame have names for certain; a row of a text file might be an account.
        return _unknown_column(opened.candidates[0].preview[0])
    hint = f"the smallest correct file is: {kind.sample}; other names are given as field=Column"
    if overrides:
        hint += "; check the columns you named"
    return BadInput(f"no header row with {groups} was found among the first rows", hint)
