"""Policies and agreements as files that security reads: what is unwise in one, what changes between two,
what it allows and why, and the same in other languages.

No key is needed for any of it, so signatures are not checked here: 'overlap agreement check' does that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cleanroom.agreement import (
    CASES_ENDING,
    CASES_LIMIT,
    CEDAR_SCHEMA,
    ROLES,
    Agreement,
    Change,
    Finding,
    Grounds,
    Newly,
    Outcome,
    Policy,
    Request,
    SignedAgreement,
    cases_text,
    compare,
    export_cedar,
    export_json,
    export_odrl,
    find_grounds,
    lint,
    newly_seen,
    parse,
    parse_document,
    policy_names,
    read_cases,
    read_when,
    run_cases,
    split_signatures,
    stand_in,
)
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.accounts.restrictions import excluded_among
from cleanroom.session.agreement.agreements import AGREEMENT_LIMIT, read_policy
from cleanroom.session.folder import Folder, read_whole, write_whole
from cleanroom.store import read_table
from overlap.errors import BadInput, UsageError

#: Language to what writes it; `toml` is the text itself, to be copied and changed.
EXPORTS: Final[dict[str, Callable[[SignedAgreement], str]]] = {
    "cedar": export_cedar,
    "cedar-schema": lambda _signed: CEDAR_SCHEMA,
    "odrl": export_odrl,
    "json": export_json,
    "toml": lambda signed: signed.agreement.text.decode(),
}


@dataclass(frozen=True)
class Tested:
    """A policy and one file of cases for it, with what came of each case."""

    policy: str
    cases: str
    signed: SignedAgreement
    outcomes: list[Outcome]


@dataclass(frozen=True)
class Seen:
    """A cell that the partner would newly see, the own accounts of its population that are imported here, and
    how many of them were matched with this partner (None: no partner is named, or there was no run). Private
    accounts and those restricted to others are in neither number."""

    cell: Newly
    accounts: int
    matched: int | None


@dataclass(frozen=True)
class Sight:
    """All that a partner ("" while it has no name) would newly see of our accounts, where we are `role`."""

    partner: str
    role: str
    seen: list[Seen]


def lint_policy(policy: str, root: Path, now: int) -> list[Finding]:
    """The findings in a text, as in `find_text`; signatures below it are not part of it."""
    return lint(split_signatures(find_text(policy, root))[0], now)


def compare_policies(old: str, new: str, root: Path) -> list[Change]:
    """What the second would change of the first; each as in `find_text`."""
    return compare(*(_document(find_text(policy, root)) for policy in (old, new)))


def find_text(name: str, root: Path) -> bytes:
    """A shipped policy by its name, else a file, else an agreement kept in the folder `root` by (the
    beginning of) its id. Raises BadInput or UsageError."""
    if name in policy_names() or Path(name).exists():
        return read_policy(name)
    folder = Folder(root)
    kept = folder.names("agreements", suffix=".toml") if folder.is_party else []
    found = [known for known in kept if known.startswith(name)]
    if len(found) > 1:
        raise UsageError("more than one agreement has an id that begins so", "give more of its id")
    if not found:
        raise BadInput(
            f"there is no policy, no file and no agreement {name}",
            "see 'overlap agreement policies' for shipped policies, 'overlap agreement list' for agreements",
        )
    return read_whole(folder.path("agreements", f"{found[0]}.toml"), AGREEMENT_LIMIT)


def run_policy_cases(policy: str, files: Sequence[str], root: Path) -> list[Tested]:
    """Run the cases in `files`, else those beside the policy."""
    text = find_text(policy, root)
    tested = []
    for label, data in [(name, read_whole(Path(name), CASES_LIMIT)) for name in files] or [_beside(policy)]:
        cases = read_cases(data)
        signed = stand_in(text, cases.accepted)
        tested.append(Tested(policy, label, signed, run_cases(signed, cases.cases)))
    return tested


def open_policy(policy: str, root: Path, now: int, accepted: str = "") -> SignedAgreement:
    """A policy or agreement as in `find_text`, as if accepted at `accepted`, by default now.

    One that both have signed keeps its own time of acceptance. Raises BadInput or UsageError.
    """
    text = find_text(policy, root)
    return stand_in(text, read_when(accepted, stand_in(text)) if accepted else now)


def explain_request(signed: SignedAgreement, request: Request, now: int) -> Grounds:
    """Why a request is allowed or denied; its party is a name, or "proposer" or "accepter"."""
    if request.party in ROLES:
        request = replace(request, party=signed.agreement.side(request.party).party)
    return find_grounds(signed, request, now)


def export_policy(signed: SignedAgreement, language: str, out: Path | None) -> str:
    """The agreement in one of EXPORTS, written to `out` where one is named."""
    text = EXPORTS[language](signed)
    if out is not None:
        write_whole(out, text.encode())
    return text


def count_newly_seen(old: str, new: str, root: Path, role: str, partner: str) -> Sight | None:
    """What the partner would newly see of our accounts, counted; None when no party lives in `root`.

    Where a text names us, that is our role; else `role`. `partner` may be "", then the text's other party.
    """
    folder = Folder(root)
    if not folder.is_party:
        return None
    own = folder.require_party()
    documents = [_document(find_text(policy, root)) for policy in (old, new)]
    for document in documents:
        found = document.role_of(own) if isinstance(document, Agreement) else None
        if isinstance(document, Agreement) and found is not None:
            other = next(side for side in ROLES if side != found)
            role, partner = found, partner or document.side(other).party
    if partner and partner not in folder.names("partners", suffix=".card"):
        raise UsageError(
            "there is no partner of that name here", "name one that was added with 'overlap partner add'"
        )
    accounts = own_accounts(folder)
    accounts = accounts[~accounts["id"].isin(excluded_among(folder, partner, accounts))]
    matched = _matched_ids(folder, partner)
    seen = []
    for cell in newly_seen(documents[0], documents[1], role):
        ids = set(accounts.loc[accounts["population"] == cell.population, "id"])
        seen.append(Seen(cell, len(ids), None if matched is None else len(ids & matched)))
    return Sight(partner, role, seen)


def _matched_ids(folder: Folder, partner: str) -> set[str] | None:
    """The own accounts that any finished run with the partner matched; None when there was no run."""
    matched: set[str] | None = None
    for run in folder.names("runs"):
        if not folder.path("runs", run, "run").is_file():
            continue
        record = folder.read_record("runs", run, "run")
        if (record["partner"], record["level"], record["state"]) != (partner, "overlaps", "finished"):
            continue
        accounts = read_table(folder.path("runs", run, "accounts.parquet"))
        overlap = read_table(folder.path("runs", run, "overlap.parquet"))
        matched = (matched or set()) | set(accounts["id"].iloc[overlap["account"]])
    return matched


def _beside(policy: str) -> tuple[str, bytes]:
    """Name and contents of the cases that belong to a policy: NAME.cases.toml beside NAME.toml."""
    if policy in policy_names():
        return policy + CASES_ENDING, cases_text(policy)
    place = Path(policy.removesuffix(".toml") + CASES_ENDING)
    if not place.is_file():
        raise BadInput(
            f"there are no cases: {place} is not there",
            "write one (policies/README.md shows how), or name a file of cases behind the policy",
        )
    return str(place), read_whole(place, CASES_LIMIT)


def _document(data: bytes) -> Policy | Agreement:
    """The terms of a text, whether or not it has been signed."""
    text, signatures = split_signatures(data)
    return parse(text, peer=False) if signatures else parse_document(text)
