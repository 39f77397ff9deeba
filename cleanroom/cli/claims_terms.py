"""claims terms and claims audit: what is fixed beforehand, and random checks of a committed list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("terms")
def terms_command() -> None:
    """What both fix before a claim is worth anything: logs, witnesses, length and growth of epochs."""


@terms_command.command("propose")
@click.argument("file", type=FILE)
@click.option("--partner", required=True, help="With whom.")
@click.option("--out", type=FILE, required=True, help="The proposal, to send.")
@click.pass_obj
def propose(shell: Shell, file: Path, partner: str, out: Path) -> None:
    """Sign the terms in a TOML file and write the proposal."""
    from cleanroom.session.attribution.claim_terms import describe_terms, propose_terms

    with shell.party() as party:
        terms = propose_terms(party, partner, file, out)
    for line in describe_terms(terms):
        click.echo(line)
    click.echo(f"send      {out}")


@terms_command.command("accept")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, help="The terms with both signatures, to send back.")
@click.pass_obj
def accept(shell: Shell, file: Path, out: Path | None) -> None:
    """Countersign the terms of a partner, or keep ours when they have come back."""
    from cleanroom.session.attribution.claim_terms import accept_terms, describe_terms

    with shell.party() as party:
        partner, terms = accept_terms(party, file, out)
    click.echo(f"in force  with {partner}")
    for line in describe_terms(terms):
        click.echo(line)
    if out is not None:
        click.echo(f"send      {out}")


@terms_command.command("show")
@click.option("--partner", required=True, help="With whom.")
@json_option
@click.pass_obj
def show(shell: Shell, partner: str, as_json: bool) -> None:
    """Show the terms in force with a partner."""
    from cleanroom.session.attribution.claim_terms import describe_terms, require_terms

    with shell.party() as party:
        terms = require_terms(party, partner)
    if as_json:
        print_json(terms.to_fields())
        return
    for line in describe_terms(terms):
        click.echo(line)


@click.group("audit")
def audit_claims_command() -> None:
    """Open a few leaves of a committed list, chosen by nobody: are they accounts, or guesses?"""


@audit_claims_command.command("begin")
@click.option("--partner", required=True, help="Whose next epoch is audited.")
@click.pass_obj
def begin(shell: Shell, partner: str) -> None:
    """Draw a nonce for the partner's next epoch, and print the digest that the partner notes."""
    from cleanroom.session.attribution.claim_auditing import begin_audit

    with shell.party() as party:
        digest = begin_audit(party, partner)
    click.echo(f"digest    {digest}")
    click.echo(f"tell      {partner}, who notes it with 'overlap claims audit expect' before its next epoch")


@audit_claims_command.command("expect")
@click.argument("digest")
@click.option("--partner", required=True, help="Who will audit us.")
@click.pass_obj
def expect(shell: Shell, digest: str, partner: str) -> None:
    """Note the digest of a partner's nonce: our next epochs may be audited with it."""
    from cleanroom.session.attribution.claim_auditing import expect_audit

    with shell.party() as party:
        epoch = expect_audit(party, partner, digest)
    click.echo(f"noted     from epoch {epoch} on {partner} may draw leaves")


@audit_claims_command.command("draw")
@click.option("--partner", required=True, help="Whose newest epoch is audited.")
@click.option("--draws", type=click.IntRange(1, 10_000), help="Leaves; default: as the terms say, or 59.")
@click.option("--out", type=FILE, required=True, help="The draw, to send.")
@click.pass_obj
def draw(shell: Shell, partner: str, draws: int | None, out: Path) -> None:
    """Write which leaves are to be opened; the epoch must be newer than the nonce."""
    from cleanroom.session.attribution.claim_auditing import draw_audit

    with shell.party() as party:
        made = draw_audit(party, partner, draws, out)
    click.echo(f"drawn     {made.draws:,} leaves of epoch {made.epoch}")
    click.echo(f"send      {out}")


@audit_claims_command.command("answer")
@click.argument("file", type=FILE)
@click.option("--partner", required=True, help="Who audits us.")
@click.option("--out", type=FILE, required=True, help="The answer, to send.")
@click.pass_obj
def answer(shell: Shell, file: Path, partner: str, out: Path) -> None:
    """Open the leaves that were drawn: dummies as dummies, accounts with their evidence digest."""
    from cleanroom.session.attribution.claim_auditing import answer_audit

    with shell.party() as party:
        made = answer_audit(party, partner, file, out)
    click.echo(f"opened    {made.draws:,} draws of epoch {made.epoch}, for {partner} to see")
    click.echo(f"send      {out}")


@audit_claims_command.command("check")
@click.argument("file", type=FILE, required=False)
@click.option("--partner", required=True, help="Who was audited.")
@click.option("--evidence", type=FILE, multiple=True, help="A document; its digest must be among the opened.")
@click.option("--targets", type=click.IntRange(0), help="Accounts on our own list, to judge lucky guesses.")
@click.option("--universe", type=click.IntRange(1), help="Firms from which somebody would guess.")
@json_option
@click.pass_obj
def check(
    shell: Shell,
    file: Path | None,
    partner: str,
    evidence: tuple[Path, ...],
    targets: int | None,
    universe: int | None,
    as_json: bool,
) -> None:
    """Check the answer FILE; without one every draw failed.

    Bounds are exact (Clopper-Pearson) over the draws that are no dummies: 29, 59 or 299 without failure show
    with 95 % confidence that 90, 95 or 99 % of the leaves are genuine.
    """
    from cleanroom.session.attribution.claim_auditing import check_audit, lucky_guesses
    from overlap.errors import UsageError

    if (targets is None) != (universe is None):
        raise UsageError("a guess needs a list and a universe", "give both --targets and --universe")
    with shell.party() as party:
        result = check_audit(party, partner, file, evidence)
        luck = None
        if targets is not None and universe is not None:
            luck = lucky_guesses(party, result, targets, universe)
    if as_json:
        chance = {} if luck is None else {"any_guess_hits": luck[0], "guesses_that_hit": luck[1]}
        print_json(asdict(result) | chance)
        return
    click.echo(f"epoch {result.epoch} of {partner}: {result.draws:,} draws, {result.opened:,} opened,")
    click.echo(f"  {result.dummy:,} dummies, {result.failed:,} failed")
    click.echo(f"genuine   at least {result.genuine:.1%} of the leaves that are no dummies (95 % confidence)")
    if luck is not None:
        click.echo(f"luck      a guess is on the list with probability {luck[0]:.2%}; {luck[1]:.1f} expected")
