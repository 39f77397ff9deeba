"""rules: the attribution rule file, looked at, checked, compared, adopted."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from cleanroom.cli.shell import Shell, json_option, print_json, print_table, say
from cleanroom.number import count_of

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("rules")
def rules_command() -> None:
    """The rules of attribution: one page of TOML, versioned, dated before the deals it judges."""


@rules_command.command("show")
@click.argument("file", type=FILE, required=False)
@click.option("--glossary", is_flag=True, help="Print what the six statuses mean instead.")
@click.pass_obj
def show(shell: Shell, file: Path | None, glossary: bool) -> None:
    """Print a rule file: FILE, else the newest version adopted here, else the one that comes along."""
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.rule_files import adopted_rules, read_rule_file
    from cleanroom.session.folder import Folder

    if glossary:
        for status, meaning in classification.GLOSSARY.items():
            say(f"{status}: {meaning}")
        return
    folder = Folder(shell.root)
    adopted = adopted_rules(folder) if file is None and folder.is_party else []
    data = adopted[-1].rules.data if adopted else read_rule_file(file)
    click.echo(data.decode(), nl=False)


@rules_command.command("lint")
@click.argument("file", type=FILE, required=False)
@json_option
@click.pass_obj
def lint(shell: Shell, file: Path | None, as_json: bool) -> None:
    """Say what is wrong or unwise in a rule file, beside the versions and the deals that are here.

    Exits with 1 when there is an error. Without FILE the rules that come along are checked.
    """
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.rule_files import lint_file, read_rule_file
    from cleanroom.session.folder import Folder

    data = read_rule_file(file)
    findings = lint_file(Folder(shell.root), data, shell.now())
    if as_json:
        print_json([asdict(one) for one in findings])
    else:
        for one in findings:
            say(str(one))
        budget = (f"{used} of {most} {what}" for what, used, most in classification.page_budget(data))
        say(f"budget    {', '.join(budget)}")
        errors = sum(one.severity == "error" for one in findings)
        say(f"{count_of(errors, 'error')}, {count_of(len(findings) - errors, 'warning')}")
    sys.exit(1 if any(one.severity == "error" for one in findings) else 0)


@rules_command.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--impact", is_flag=True, help="Judge all imported deals by both, and say whom it moves.")
@json_option
@click.pass_obj
def diff(shell: Shell, old: Path, new: Path, impact: bool, as_json: bool) -> None:
    """What changes from one rule file to another, and with --impact which statuses."""
    from cleanroom.attribution import classification
    from cleanroom.session.attribution.rule_files import read_rule_file

    one, two = (classification.parse_rules(read_rule_file(path)) for path in (old, new))
    changes, moved = classification.diff_rules(one, two), []
    if impact:
        from cleanroom.session.attribution.crediting import read_pipeline

        with shell.party() as party:
            moved = classification.impact(read_pipeline(party, new)[0], one, two)
    if as_json:
        print_json({"changes": [asdict(change) for change in changes], "impact": moved})
        return
    print_table(("setting", "before", "after"), [(c.place, c.before, c.after) for c in changes])
    if impact:
        say("")
        rows = [(m["partner"], m["before"], m["after"], m["opportunities"]) for m in moved]
        print_table(("partner", "before", "after", "opportunities"), rows)


@rules_command.command("adopt")
@click.argument("file", type=FILE, required=False)
@click.pass_obj
def adopt(shell: Shell, file: Path | None) -> None:
    """Put a version in force here, for the deals created from its first day on; it is never edited again."""
    from cleanroom.session.attribution.rule_files import adopt_rules

    with shell.party() as party:
        rules, findings = adopt_rules(party.folder, file, party.now)
    say(f"adopted   version {rules.version}, {rules.digest}")
    for one in findings:
        say(f"careful   {one.code}: {one.place}: {one.what}")


@rules_command.command("list")
@json_option
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List the versions adopted here."""
    from cleanroom.moment import moment_of
    from cleanroom.session.attribution.rule_files import adopted_rules
    from cleanroom.session.folder import Folder

    folder = Folder(shell.root)
    folder.require_party()
    rows = [
        {
            "version": one.rules.version,
            "title": one.rules.title,
            "effective": moment_of(one.rules.effective)[:10],
            "adopted": moment_of(one.adopted_at),
            "digest": one.rules.digest,
        }
        for one in adopted_rules(folder)
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("version", "title", "effective", "adopted", "digest"),
        [(r["version"], r["title"], r["effective"], r["adopted"], str(r["digest"])[:16]) for r in rows],
    )
