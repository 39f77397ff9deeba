"""claims, receive, credit: who held the relationship first, on evidence committed before the match."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.carry import carries, tell_out
from cleanroom.cli.claims_terms import audit_claims_command, terms_command
from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.shell import Shell, json_option, print_json, print_table
from overlap.errors import Refused, UsageError

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("claims")
def claims_command() -> None:
    """Accounts held since a date, committed before the match."""


claims_command.add_command(terms_command)
claims_command.add_command(audit_claims_command)


@claims_command.command("commit")
@click.option("--partner", help="Write the commitment for this partner.")
@click.option("--evidence", type=FILE, help="CSV of account_id and sha256: digests of documents.")
@carries(sends="letter", to="partner", out="The commitment, to send.", needed=False)
@click.pass_obj
def commit(shell: Shell, partner: str | None, evidence: Path | None, out: Path | None) -> None:
    """Commit to the accounts we hold now, as the next epoch of our claims log.

    Nothing but their padded number is shown, and that to partners only.
    """
    from cleanroom.session.attribution.claiming import commit_claims

    progress = ProgressLine(shell.quiet)
    with shell.party() as party:
        made = commit_claims(party, partner, out, progress, evidence)
    progress.close()
    click.echo(
        f"epoch     {made.epoch}: {made.held:,} accounts, {made.dated:,} with a date, {made.leaves:,} leaves"
    )
    click.echo(f"root      {made.root}")
    tell_out("send", out)


@claims_command.command("send")
@click.option("--partner", required=True, help="Whom to open our newest epoch to.")
@carries(sends="letter", to="partner", out="The commitment, to send.")
@click.pass_obj
def send(shell: Shell, partner: str, out: Path) -> None:
    """Send the newest epoch, committed before, to a further partner: the same list for everybody."""
    from cleanroom.session.attribution.claiming import send_commitment

    with shell.party() as party:
        epoch = send_commitment(party, partner, out)
    click.echo(f"epoch     {epoch}")
    tell_out("send", out)


@claims_command.command("log")
@click.option("--out", type=FILE, required=True, help="The claims log.")
@click.pass_obj
def log(shell: Shell, out: Path) -> None:
    """Write our claims log, for witnesses and for anybody: it tells how many epochs there were, no size."""
    from cleanroom.session.attribution.claims_log import write_claims_log

    with shell.party() as party:
        made = write_claims_log(party, out)
    click.echo(f"log       {len(made.entries):,} epochs, {len(made.note.signatures) - 1:,} cosignatures")
    click.echo(f"written   {out}")


@claims_command.command("key")
@click.option("--card", type=FILE, help="The key of the owner of this card; default: our own.")
@click.pass_obj
def key(shell: Shell, card: Path | None) -> None:
    """Print a party's public key as a witness, as claims terms name it."""
    from cleanroom.session.attribution.claim_witnessing import own_witness_key

    with shell.party() as party:
        click.echo(own_witness_key(party, card))


@claims_command.command("witness")
@click.argument("file", type=FILE)
@click.option("--card", type=FILE, help="The card of the log's owner, when it is no partner of ours.")
@click.option("--out", type=FILE, required=True, help="The log with our cosignature, to send back.")
@click.pass_obj
def witness(shell: Shell, file: Path, card: Path | None, out: Path) -> None:
    """Cosign a claims log with our clock, after comparing it with the last we saw.

    A fork, a shorter log, another one of the same length and a clock that went back are refused. A fork is
    kept as a proof that anybody can check.
    """
    from cleanroom.session.attribution.claim_witnessing import witness_file

    with shell.party() as party:
        made = witness_file(party, file, card, out)
    click.echo(f"cosigned  {made.epochs:,} epochs of {made.owner} at {made.time}")
    click.echo(f"send      {out}")


@claims_command.command("cosigned")
@click.argument("file", type=FILE)
@click.pass_obj
def cosigned(shell: Shell, file: Path) -> None:
    """Keep the cosignatures of witnesses below our checkpoint."""
    from cleanroom.session.attribution.claims_log import take_cosignatures

    with shell.party() as party:
        taken = take_cosignatures(party, file)
    for name, time in taken.signed:
        click.echo(f"epoch {taken.epoch:,} cosigned by {name[:24]}… at {time}")
    if taken.unknown:
        click.echo(f"left out  {taken.unknown:,} by keys that are not known here")


@claims_command.command("stamp")
@click.argument("reply", type=FILE, required=False)
@click.option("--out", type=FILE, help="Write a request for a token over the newest checkpoint.")
@click.pass_obj
def stamp(shell: Shell, reply: Path | None, out: Path | None) -> None:
    """Ask a time authority (RFC 3161) to stamp our claims log with --out, then take in its REPLY.

    Nothing is sent from here: the request is a file for the authority that the claims terms name.
    """
    from cleanroom.moment import moment_of
    from cleanroom.session.attribution.claims_log import request_token, take_token

    if (reply is None) == (out is None):
        raise UsageError("either a request is written or a reply is read", "give --out FILE or REPLY")
    with shell.party() as party:
        if out is not None:
            epoch = request_token(party, out)
            click.echo(f"request   for epoch {epoch:,}, in {out}")
        elif reply is not None:
            epoch, proven = take_token(party, reply)
            click.echo(f"stamped   epoch {epoch:,} at {moment_of(proven.time)}")


@claims_command.command("prove")
@click.option("--run", default="", help="The run whose matched accounts are proven; default: the newest.")
@click.option("--bundle", type=FILE, help="Write a plain file instead of a letter.")
@click.option("--for-pay", "pay", is_flag=True, help="Open whole leaves, with date and evidence digest.")
@carries(sends="letter", to="run", out="The proof, to send.", needed=False)
@click.pass_obj
def prove(shell: Shell, run: str, bundle: Path | None, pay: bool, out: Path | None) -> None:
    """Open our claims on the matched accounts of a run to the partner, and no other claim.

    For each account: every epoch from the first since which no epoch is without it. Only the slot that
    matched is opened; --for-pay opens the others too, so that no leaf can serve for two accounts.
    """
    from cleanroom.session.attribution.claiming import prove_claims

    with shell.party() as party:
        made = prove_claims(party, run, out, bundle, pay=pay)
    click.echo(f"proven    {made.proven:,} of {made.shared:,} shared accounts, by epoch {made.epoch}")
    tell_out("send", bundle or out)


@claims_command.command("verify")
@click.argument("file", type=FILE)
@click.option("--evidence", type=FILE, multiple=True, help="A document that a claim for pay must name.")
@click.option("--at", metavar="TIME", help="Judge holding at this time, with its zone; default: now.")
@json_option
@click.pass_obj
def verify(shell: Shell, file: Path, evidence: tuple[Path, ...], at: str | None, as_json: bool) -> None:
    """Verify a claim bundle with our own accounts, offline, or a proof of two contradicting logs.

    Says since when each account was held at least, by whose clock. Exit code 3 when anything does not hold;
    each failure has a code.
    """
    from cleanroom.session.attribution.claim_verifying import check_file, failure_text
    from cleanroom.session.attribution.instants import instant_of

    second = instant_of(at) if at else None
    with shell.party() as party:
        checked = check_file(party, file, evidence, second)
    if as_json:
        print_json(asdict(checked))
    else:
        rows = [(c.token[:16], c.code or c.grade, c.held_since, c.dated_by, c.epoch) for c in checked.claims]
        print_table(("pair", "verdict", "held since at least", "by", "epoch"), rows)
    if checked.code:
        raise Refused(f"{checked.code}: {failure_text(checked.code)}", "ask the partner for a new bundle")
    if checked.failed:
        first = next(claim.code for claim in checked.claims if claim.code)
        raise Refused(
            f"{checked.failed:,} of {len(checked.claims):,} claims fail; {first}: {failure_text(first)}",
            "the others hold; ask the partner about these",
        )
    if not as_json:
        click.echo(
            f"good: {len(checked.claims):,} claims of {checked.partner} over {checked.epochs:,} epochs"
        )


@claims_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List our commitments and those received from partners."""
    from cleanroom.session.attribution.claiming import list_commitments

    with shell.party() as party:
        commitments = list_commitments(party)
    if as_json:
        print_json([asdict(one) for one in commitments])
        return
    rows = [(c.owner, c.epoch, c.leaves, c.root[:16], c.time) for c in commitments]
    print_table(("owner", "epoch", "leaves", "root", "committed or received"), rows)


@click.command("receive")
@carries(reads="file=letter")
@click.pass_obj
def receive_command(shell: Shell, file: Path) -> None:
    """Take in a partner's commitment, proofs, revocation, decisions, prepared list or wish to forget."""
    from cleanroom.session.post.receiving import receive_file

    with shell.party() as party:
        taken = receive_file(party, file)
    click.echo(f"received  {taken.what} from {taken.partner}")
    for line in taken.lines:
        click.echo(line)
