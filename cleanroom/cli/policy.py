"""policy: lint, diff; its other commands stand in files of their own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.policy_explain import explain_command, export_command
from cleanroom.cli.policy_test import test_command
from cleanroom.cli.shell import Shell, json_option, print_json, print_table

if TYPE_CHECKING:
    from cleanroom.session.agreement.policies import Sight


@click.group("policy")
def policy_command() -> None:
    """Tools for who has to judge a policy: what is unwise in it, what a change would show."""


@policy_command.command("lint")
@click.argument("policies", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Warnings end with exit code 1 too.")
@json_option
@click.pass_obj
def lint(shell: Shell, policies: tuple[str, ...], strict: bool, as_json: bool) -> None:
    """Say what is wrong or unwise in POLICIES: shipped names, files of policies or agreements, or ids of
    agreements kept in --dir.

    Ends with exit code 1 when there is an error. No folder is needed.
    """
    from cleanroom.session.agreement.policies import lint_policy

    found = [
        (policy, finding) for policy in policies for finding in lint_policy(policy, shell.root, shell.now())
    ]
    if as_json:
        print_json([{"policy": policy} | asdict(finding) for policy, finding in found])
    else:
        for policy, finding in found:
            click.echo(f"{policy}: {finding}")
        for policy in policies:
            if policy not in {name for name, _ in found}:
                click.echo(f"{policy}: nothing to say")
    if any(strict or finding.severity == "error" for _, finding in found):
        raise click.exceptions.Exit(1)


@policy_command.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--no-wider", is_flag=True, help="End with exit code 1 when anything wider is allowed.")
@click.option("--partner", default="", help="Count the accounts that runs with this partner have matched.")
@click.option(
    "--role",
    type=click.Choice(("proposer", "accepter")),
    default="proposer",
    show_default=True,
    help="Which side we are, where the texts do not name us.",
)
@json_option
@click.pass_obj
def diff(shell: Shell, old: str, new: str, no_wider: bool, partner: str, role: str, as_json: bool) -> None:
    """Say what NEW would allow that OLD does not, and the other way round.

    Both are shipped names, files of policies or agreements, or ids of agreements kept in --dir. Comments are
    not compared. No folder is needed; where a party lives in --dir, what the partner would newly see is
    counted in its imported and matched accounts.
    """
    from cleanroom.session.agreement.policies import compare_policies, count_newly_seen

    changes = compare_policies(old, new, shell.root)
    sight = count_newly_seen(old, new, shell.root, role, partner)
    if as_json:
        print_json([*(asdict(change) for change in changes), *_sight_json(sight)])
    else:
        for change in changes:
            click.echo(str(change))
        if not changes:
            click.echo("nothing changes")
        _print_sight(sight)
    if no_wider and any(change.kind == "wider" for change in changes):
        raise click.exceptions.Exit(1)


def _print_sight(sight: Sight | None) -> None:
    """What the partner would newly see of our own accounts, with numbers."""
    if sight is None:
        return
    partner = sight.partner or "the partner"
    if not sight.seen:
        click.echo(f"{partner} would newly see: nothing of our accounts (we are the {sight.role})")
        return
    click.echo(f"{partner} would newly see of our accounts (we are the {sight.role}):")
    counted = [one.matched for one in sight.seen if one.matched is not None]
    rows = [
        (one.cell.population, one.cell.field, one.accounts, *(() if one.matched is None else (one.matched,)))
        for one in sight.seen
    ]
    print_table(("population", "field", "imported", *(("matched",) if counted else ())), rows)
    if counted:
        rest = f"those matched with {partner}"
    elif sight.partner:
        rest = f"those matched; no run with {partner} has matched any yet"
    else:
        rest = "those matched; name a partner with --partner to count them"
    click.echo(f"of the imported accounts, a field is shown only of {rest}")


def _sight_json(sight: Sight | None) -> list[dict[str, Any]]:
    if sight is None:
        return []
    return [
        {"kind": "newly seen", "partner": sight.partner, "role": sight.role}
        | asdict(one.cell)
        | {"imported": one.accounts, "matched": one.matched}
        for one in sight.seen
    ]


for _command in (test_command, explain_command, export_command):
    policy_command.add_command(_command)
