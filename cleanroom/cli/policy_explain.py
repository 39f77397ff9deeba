"""policy explain and policy export: why a text allows or denies, and the same text in other languages."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table

if TYPE_CHECKING:
    from cleanroom.agreement import SignedAgreement

_AT = "A time, a date, or words such as 'start', 'end - 1s', 'start + 30 days'; default: now."
_ACCEPTED = "When an unsigned text is taken as accepted; default: now."


@click.command("explain")
@click.argument("policy")
@click.option("--party", default="", help="Who asks: proposer, accepter, or a party's name.")
@click.option("--action", default="read", show_default=True, help="match, grant, disclose, read, export.")
@click.option("--field", help="Which field; left out: all of them, as a table.")
@click.option("--population", help="Accounts of which population.")
@click.option("--peer-population", help="The population of the other side that it is matched with.")
@click.option("--purpose", help="For what.")
@click.option("--at", "at", default="", metavar="TIME", help=_AT)
@click.option("--accepted", default="", metavar="TIME", help=_ACCEPTED)
@json_option
@click.pass_obj
def explain_command(
    shell: Shell,
    policy: str,
    party: str,
    action: str,
    field: str | None,
    population: str | None,
    peer_population: str | None,
    purpose: str | None,
    at: str,
    accepted: str,
    as_json: bool,
) -> None:
    """Say which clauses of POLICY allow or deny a request, and what would change the answer.

    POLICY is a shipped name, a file of a policy or agreement, or the id of an agreement kept in --dir.
    Every clause that speaks is quoted with its line. Without --field and --action match, a table of all that
    both sides may see at that time. No key is needed; signatures are not checked.
    """
    from cleanroom.agreement import Request, describe_grounds, read_when
    from cleanroom.session.agreement.policies import explain_request, open_policy

    signed = open_policy(policy, shell.root, shell.now(), accepted)
    now = read_when(at, signed) if at else shell.now()
    if field is None and action != "match":
        _print_all(signed, now, party, population, as_json)
        return
    if not party:
        raise click.UsageError("say who asks with --party")
    request = Request(action, party, field, population, purpose, peer_population)
    found = explain_request(signed, request, now)
    if as_json:
        print_json({"policy": policy, "digest": signed.digest, **asdict(found)})
        return
    for line in describe_grounds(signed, found):
        click.echo(line)


def _print_all(signed: SignedAgreement, now: int, party: str, population: str | None, as_json: bool) -> None:
    """What each side may see, as a table; nobody but the two sides sees anything."""
    from cleanroom.agreement import ROLES, describe_period, matched_populations, what_is_shown

    party = signed.agreement.side(party).party if party in ROLES else party
    cells = [
        cell
        for cell in what_is_shown(signed, now)
        if party in ("", cell.party) and population in (None, cell.population)
    ]
    matched = matched_populations(signed, now)
    if as_json:
        print_json({"now": now, "match": matched, "cells": [asdict(cell) for cell in cells]})
        return
    for line in describe_period(signed, now):
        click.echo(line)
    for name, populations in matched.items():
        click.echo(f"{name} may put into a match: {', '.join(populations) or 'nothing'}")
    rows = [(cell.party, cell.population, cell.field, *_uses(signed, cell)) for cell in cells]
    if rows:
        purposes = signed.agreement.terms.purposes
        print_table(("who", "accounts", "field", *(f"for {purpose}" for purpose in purposes)), rows)
        click.echo(f"'accounts' are those of the other side{_which(signed)}")
        click.echo("what is not in this table is denied")
    else:
        click.echo("no field of any account may be seen by anybody")


def _which(signed: SignedAgreement) -> str:
    if signed.agreement.terms.level == "all":
        return ", matched or not: at level all it may give these fields of every account"
    return ", and of them only those that a run has matched"


def _uses(signed: SignedAgreement, cell: Any) -> list[str]:
    """For each purpose of the text what may be done with a cell."""
    return [
        "read, export" if purpose in cell.export else "read" if purpose in cell.read else "denied"
        for purpose in signed.agreement.terms.purposes
    ]


@click.command("export")
@click.argument("policy")
@click.option(
    "--format",
    "language",
    type=click.Choice(("cedar", "cedar-schema", "odrl", "json", "toml")),
    required=True,
    help="Cedar policies, their schema, ODRL 2.2 as JSON-LD, canonical JSON, or the text itself to copy.",
)
@click.option("--accepted", default="", metavar="TIME", help=_ACCEPTED)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here instead of printing it."
)
@click.pass_obj
def export_command(shell: Shell, policy: str, language: str, accepted: str, out: Path | None) -> None:
    """Say what POLICY allows in another policy language, with the same answers.

    POLICY is a shipped name, a file of a policy or agreement, or the id of an agreement kept in --dir. No key
    is needed; signatures are not checked.
    """
    from cleanroom.session.agreement.policies import export_policy, open_policy

    text = export_policy(open_policy(policy, shell.root, shell.now(), accepted), language, out)
    click.echo(f"written  {out}" if out else text, nl=bool(out))
