"""What we put into a run: our accounts of the agreed populations, and the charge against the run budget."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from cleanroom.agreement import Request, SignedAgreement, decide
from cleanroom.session.agreements import partner_of, runs_left
from cleanroom.session.clustering import Workers, identify_on_cluster
from cleanroom.session.imports import own_accounts, own_table
from cleanroom.session.party import Party
from cleanroom.session.runs import RunRecord, keep_run
from cleanroom.store import write_table
from overlap import identity, match
from overlap.amounts import amounts_of
from overlap.engine import Progress
from overlap.errors import Refused, UsageError
from overlap.protocol import Contract


@dataclass(frozen=True)
class Submitted:
    """Our side of a run: accounts, identifiers, the distinct ones as bytes, and what was not used."""

    accounts: pd.DataFrame
    identifiers: pd.DataFrame
    encoded: list[bytes]
    dropped: list[tuple[str, str, int]]
    #: A whole number for each identifier, at level `sum` on the side with the amounts.
    values: tuple[int, ...] = ()


def submit(
    party: Party,
    signed: SignedAgreement,
    contract: Contract,
    progress: Progress | None = None,
    workers: Workers | None = None,
) -> Submitted:
    """Our accounts and identifiers for a run; Refused when the agreement does not admit a population.

    Executors of `workers` identify, where they can see lists and no alias file is imported.
    """
    ours = "starter" if contract.starter.party == party.name else "responder"
    bound = (contract.starter if ours == "starter" else contract.responder).size_bound
    populations = admitted(party, signed)
    accounts = own_accounts(party.folder, populations)
    if accounts.empty:
        raise UsageError(
            f"no account of {', '.join(populations)} is imported",
            "run 'overlap import FILE --population …' first",
        )
    identified = _identify(party, accounts, contract, ours, progress, workers)
    identifiers = identified.frame
    listed = match.distinct(identifiers)
    encoded = listed.encoded
    if len(encoded) > bound:
        raise Refused(
            f"our {len(encoded):,} identifiers are more than the agreed bound of {bound:,}",
            "match fewer populations, or propose an agreement with a larger size_bound",
        )
    dropped = [(kind, reason, count) for (kind, reason), count in sorted(identified.dropped.items())]
    if contract.amounts is None or ours == "starter":
        return Submitted(accounts, identifiers, encoded, dropped)
    opportunities = own_table(party.folder, "opportunities")
    valued = amounts_of(listed, accounts, contract.amounts, opportunities)
    dropped += [("amounts", reason, count) for reason, count in sorted(valued.left_out.items())]
    return Submitted(accounts, identifiers, encoded, dropped, valued.values)


def _identify(
    party: Party,
    accounts: pd.DataFrame,
    contract: Contract,
    role: str,
    progress: Progress | None,
    workers: Workers | None,
) -> identity.Identified:
    """The identifiers that go into a run, and what was not used."""
    aliases = own_table(party.folder, "aliases")
    if workers and (aliases is None or aliases.empty):
        found = identify_on_cluster(party, workers, accounts, contract, role)
        if found is not None:
            return found
    known = identity.know(accounts, aliases)
    found = identity.identify_known(known, contract.kinds, progress, role=role, most=contract.most)
    identifiers = identity.vetoed(found.frame, contract.veto, role)
    identifiers = identity.with_groups(identifiers, known, contract.kinds, progress)
    if contract.level != "overlaps":
        identifiers = match.choose_one(identifiers)
    return identity.Identified(identifiers, found.dropped)


def admitted(party: Party, signed: SignedAgreement) -> tuple[str, ...]:
    """Our populations in an agreement; Refused when it does not let us match one of them now."""
    agreement = signed.agreement
    populations = agreement.side(agreement.role_of(party.name) or "").populations
    now = party.time_with(partner_of(party, agreement))
    for population in populations:
        decision = decide(signed, Request("match", party.name, population=population), now)
        if not decision.allowed:
            raise Refused(
                f"clause {decision.clause}: {decision.reason}", "'overlap agreement show' explains the terms"
            )
    return populations


def require_budget(party: Party, signed: SignedAgreement) -> None:
    """Return when the agreement allows one more run; Refused otherwise."""
    if runs_left(party, signed) < 1:
        raise Refused(
            f"the run budget of {signed.agreement.terms.run_budget} is used up",
            "agree on a larger run_budget in a new agreement",
        )


def charge(
    party: Party,
    signed: SignedAgreement,
    contract: Contract,
    run: bytes,
    role: str,
    submitted: Submitted,
    answered: str = "",
) -> RunRecord:
    """Charge the run budget and keep what the run needs, before anything is blinded."""
    record = RunRecord(
        run.hex(),
        partner_of(party, signed.agreement),
        signed.file_digest,
        contract.to_bytes().decode(),
        role,
        contract.level,
        "charged",
        party.time_with(partner_of(party, signed.agreement)),
        0,
        len(submitted.accounts),
        len(submitted.encoded),
        -1,
        -1,
        answered,
    )
    size = len(submitted.encoded)
    party.note(record.partner, "run", run=run, contract=contract.digest, identifiers=size)
    keep_run(party, record)
    keep_submitted(party, record.run, submitted)
    return record


def charge_again(party: Party, record: RunRecord, submitted: Submitted) -> RunRecord:
    """Take up a run that was charged by a command that was then killed: nothing of it has been sent."""
    number = len(submitted.encoded)
    record = replace(record, accounts=len(submitted.accounts), identifiers=number)
    party.note(record.partner, "run", run=bytes.fromhex(record.run), identifiers=number)
    keep_run(party, record)
    keep_submitted(party, record.run, submitted)
    return record


def keep_submitted(party: Party, run: str, submitted: Submitted) -> None:
    """Keep our accounts and identifiers as they went into the run."""
    place = party.folder.path("runs", run)
    write_table(place / "accounts.parquet", submitted.accounts)
    write_table(place / "identifiers.parquet", submitted.identifiers)
