"""What we put into a run: our accounts of the agreed populations, and the charge against the run budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import pandas as pd

from cleanroom.agreement import Request, SignedAgreement, decide
from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.session.accounts.canaries import keep_planted, kept_planted, planted_identifiers
from cleanroom.session.accounts.imports import made_at, own_table
from cleanroom.session.accounts.restrictions import LeftOut, Taking, taking_part
from cleanroom.session.agreement.agreements import partner_of, runs_left
from cleanroom.session.match.clustering import Workers, identify_on_cluster
from cleanroom.session.match.pairing import in_cells, is_whole
from cleanroom.session.match.probing import Submission, remember_submission, require_changes, submission_of
from cleanroom.session.match.runs import RunRecord, keep_run
from cleanroom.session.party import Party
from cleanroom.store import read_table, write_table
from overlap import identity, match
from overlap.amounts import amounts_of
from overlap.engine import Progress
from overlap.errors import Refused, UsageError
from overlap.protocol import Contract


@dataclass(frozen=True)
class Submitted:
    """Our side of a run: accounts, identifiers, the distinct ones as bytes, and what was not used.

    `planted` are identifiers behind those of the accounts, of accounts that do not exist; `encoded` has both.
    """

    accounts: pd.DataFrame
    identifiers: pd.DataFrame
    encoded: list[bytes]
    dropped: list[tuple[str, str, int]]
    submission: Submission
    left_out: LeftOut
    planted: pd.DataFrame
    #: A whole number for each identifier: at level `sum` on the side with the amounts its amount, and where a
    #: room counts the position of its population.
    values: tuple[int, ...] = ()


def submit(
    party: Party,
    signed: SignedAgreement,
    contract: Contract,
    progress: Progress | None = None,
    workers: Workers | None = None,
    *,
    rehearsing: bool = False,
) -> Submitted:
    """Our accounts and identifiers for a run; Refused when the agreement or our own rules do not admit it.

    Accounts that are private, or restricted to other partners, are left out before anything else is done.
    Executors of `workers` identify, where they can see lists and no alias file is imported. When
    `rehearsing`, a refusal is not logged.
    """
    role = "starter" if contract.starter.party == party.name else "responder"
    partner = partner_of(party, signed.agreement)
    populations = admitted(party, signed)
    require_fresh(party, signed, populations, note=not rehearsing)
    taking = taking_part(party, partner, populations)
    if taking.accounts.empty:
        raise _no_account(taking, populations)
    identified = _identify(party, taking, contract, role, progress, workers)
    identifiers, planted = _in_cells(party, signed, contract, taking.accounts, identified.frame)
    listed = match.distinct(identifiers)
    submission = submission_of(party, taking.accounts["id"].tolist(), listed)
    minimum = signed.agreement.terms.minimum_count
    require_changes(party, partner, minimum, submission, note=not rehearsing)
    encoded = listed.encoded
    if len(planted):
        encoded = match.distinct(pd.concat([identifiers, planted], ignore_index=True)).encoded
    bound = (contract.starter if role == "starter" else contract.responder).size_bound
    if len(encoded) > bound:
        raise Refused(
            f"our {len(encoded):,} identifiers are more than the agreed bound of {bound:,}",
            "match fewer populations, or propose an agreement with a larger size_bound",
        )
    dropped = [(kind, reason, count) for (kind, reason), count in sorted(identified.dropped.items())]
    values: tuple[int, ...] = ()
    if contract.amounts is not None and role == "responder":
        opportunities = own_table(party.folder, "opportunities")
        valued = amounts_of(listed, taking.accounts, contract.amounts, opportunities)
        dropped += [("amounts", reason, count) for reason, count in sorted(valued.left_out.items())]
        values = valued.values
    if contract.counting is not None:
        values = _populations_of(listed, taking.accounts, contract, role)
    return Submitted(
        taking.accounts, identifiers, encoded, dropped, submission, taking.left_out, planted, values
    )


def _populations_of(
    listed: match.Distinct, accounts: pd.DataFrame, contract: Contract, role: str
) -> tuple[int, ...]:
    """The position of each identifier's population in the contract, the first one where it is in several.

    Refused when one has more than was declared of it.
    """
    counting, starts = contract.counting, role == "starter"
    assert counting is not None
    side = contract.starter if starts else contract.responder
    bounds = counting.starter_bounds if starts else counting.responder_bounds
    place = {population: at for at, population in enumerate(side.populations)}
    of_account = accounts["population"].map(place).to_numpy()
    of_holder = pd.Series(of_account[listed.holders["account"].to_numpy()])
    values = tuple(of_holder.groupby(listed.holders["position"].to_numpy()).min().astype(int).tolist())
    for population, bound in zip(side.populations, bounds, strict=True):
        count = values.count(place[population])
        if count > bound:
            raise Refused(
                f"our {count:,} identifiers of {population} are more than the agreed bound of {bound:,}",
                "match fewer accounts, or propose an agreement with larger bounds in [counting]",
            )
    return values


def _no_account(taking: Taking, populations: Sequence[str]) -> UsageError:
    if taking.left_out.total:
        return UsageError(
            f"every account of {', '.join(populations)} is private, or restricted to other partners",
            "'overlap import FILE --as restrictions' replaces the rules",
        )
    return UsageError(
        f"no account of {', '.join(populations)} is imported",
        "run 'overlap import FILE --population …' first",
    )


def _in_cells(
    party: Party,
    signed: SignedAgreement,
    contract: Contract,
    accounts: pd.DataFrame,
    identifiers: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The identifiers of our accounts and those of planted ones, each in the cells of its population."""
    agreement = signed.agreement
    ours = agreement.role_of(party.name) or ""
    populations = agreement.side(ours).populations
    role = "starter" if contract.starter.party == party.name else "responder"
    planted, theirs = planted_identifiers(party, contract, role, accounts, identifiers, populations)
    pairs = agreed_pairs(signed)
    if is_whole(pairs, agreement.proposer.populations, agreement.accepter.populations):
        return identifiers, planted
    standing = pd.concat([accounts["population"], theirs], ignore_index=True)
    paired = in_cells(identifiers, standing, pairs, ours, contract.level)
    return paired, in_cells(planted, standing, pairs, ours, contract.level)


def agreed_pairs(signed: SignedAgreement) -> tuple[tuple[str, str], ...]:
    """The populations that may meet, the proposer's first; empty for each with each."""
    return signed.agreement.terms.pairs


def _identify(
    party: Party,
    taking: Taking,
    contract: Contract,
    role: str,
    progress: Progress | None,
    workers: Workers | None,
) -> identity.Identified:
    """The identifiers that go into a run, and what was not used."""
    accounts, aliases = taking.accounts, taking.aliases
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


def require_fresh(
    party: Party, signed: SignedAgreement, populations: Sequence[str], *, note: bool = True
) -> None:
    """Refused when an import that goes into a run is older than the agreement lets it be."""
    terms = signed.agreement.terms
    if not terms.max_export_age:
        return
    partner = partner_of(party, signed.agreement)
    now = party.time_with(partner)
    used = {name: f"accounts-{name}" for name in populations}
    if terms.amounts is not None and terms.amounts.of == "open_opportunities":
        used["opportunities"] = "opportunities"
    for name, table in used.items():
        made = made_at(party.folder, table)
        if made is not None and now - made > terms.max_export_age:
            if note:
                party.note(partner, "run", refused_export_age=1)
            raise Refused(
                f"clause terms.max_export_age: the export of {name} was made {moment_of(made)}, more than "
                f"{_span(terms.max_export_age)} ago",
                "export it again from the CRM, then 'overlap import' it",
            )


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return count_of(seconds, "second") if rest else count_of(days, "day")


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
    facts = _left_out_facts(submitted.left_out)
    party.note(record.partner, "run", run=run, contract=contract.digest, identifiers=size, **facts)
    keep_run(party, record)
    _keep_submitted(party, record, submitted)
    return record


def charge_again(party: Party, record: RunRecord, submitted: Submitted) -> RunRecord:
    """Take up a run that was charged by a command that was then killed: nothing of it has been sent."""
    number = len(submitted.encoded)
    record = replace(record, accounts=len(submitted.accounts), identifiers=number)
    facts = _left_out_facts(submitted.left_out)
    party.note(record.partner, "run", run=bytes.fromhex(record.run), identifiers=number, **facts)
    keep_run(party, record)
    _keep_submitted(party, record, submitted)
    return record


def _left_out_facts(left_out: LeftOut) -> dict[str, int | bytes]:
    """What the log says of the rules under which a run was made; nothing while there are none."""
    if not left_out.rules:
        return {}
    return {"left_out": left_out.total, "rules": bytes.fromhex(left_out.rules)}


def _keep_submitted(party: Party, record: RunRecord, submitted: Submitted) -> None:
    """Keep our accounts and identifiers as they go into the run, and under which rules."""
    place = party.folder.path("runs", record.run)
    write_table(place / "accounts.parquet", submitted.accounts)
    write_table(place / "identifiers.parquet", submitted.identifiers)
    keep_planted(party, record.run, submitted.planted)
    if submitted.left_out.rules:
        party.folder.write_record(asdict(submitted.left_out), "runs", record.run, "left-out")
    remember_submission(party, record.partner, submitted.submission)


def kept_list(party: Party, run: str) -> match.Distinct:
    """The list of an open run, as it went in; planted identifiers stand behind those of our accounts."""
    identifiers = read_table(party.folder.path("runs", run, "identifiers.parquet"))
    return match.distinct(pd.concat([identifiers, *kept_planted(party, run)], ignore_index=True))


def kept_populations(party: Party, record: RunRecord, kept: match.Distinct) -> tuple[int, ...]:
    """The populations of `kept_list` as `Submitted.values` has them, for a run that a room counts."""
    accounts = read_table(party.folder.path("runs", record.run, "accounts.parquet"))
    return _populations_of(kept, accounts, record.terms, record.role)
