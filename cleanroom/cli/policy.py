"""policy: lint, diff."""

from __future__ import annotations

from dataclasses import asdict

import click

from cleanroom.cli.shell import Shell, json_option, print_json


@click.group("policy")
def policy_command() -> None:
    """Tools for who has to judge a policy: what is unwise in it, what a change would show."""


@policy_command.command("lint")
@click.argument("policies", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Warnings end with exit code 1 too.")
@json_option
@click.pass_obj
def lint(shell: Shell, policies: tuple[str, ...], strict: bool, as_json: bool) -> None:
    """Say what is wrong or unwise in POLICIES: shipped names, or files of policies or agreements.

    Ends with exit code 1 when there is an error. No folder is needed.
    """
    from cleanroom.session.policies import lint_policy

    found = [(policy, finding) for policy in policies for finding in lint_policy(policy, shell.now())]
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
@json_option
def diff(old: str, new: str, no_wider: bool, as_json: bool) -> None:
    """Say what NEW would allow that OLD does not, and the other way round.

    Both are shipped names, or files of policies or agreements. Comments are not compared. No folder is
    needed.
    """
    from cleanroom.session.policies import compare_policies

    changes = compare_policies(old, new)
    if as_json:
        print_json([asdict(change) for change in changes])
    else:
        for change in changes:
            click.echo(str(change))
        if not changes:
            click.echo("nothing changes")
    if no_wider and any(change.kind == "wider" for change in changes):
        raise click.exceptions.Exit(1)
