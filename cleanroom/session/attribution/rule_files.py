"""Rule files of a party: the versions adopted here, each kept as it was with the second of its adoption.

attribution/rules/VERSION.toml   a rule file as adopted
attribution/rules/VERSION        when it was adopted, and its digest
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cleanroom.attribution import actions, classification
from cleanroom.number import count_of
from cleanroom.session.accounts.imports import own_table
from cleanroom.session.folder import Folder, read_whole, write_whole
from overlap.errors import Refused, UsageError

_PLACE = ("attribution", "rules")


@dataclass(frozen=True)
class Adopted:
    """A version as adopted here (unix seconds)."""

    rules: classification.Rules
    adopted_at: int


def default_rules() -> bytes:
    """The rule file that comes with the product."""
    package = resources.files("cleanroom.attribution.classification")
    return package.joinpath("default.toml").read_bytes()


def read_rule_file(path: Path | None) -> bytes:
    """A rule file, or the one that comes along. BadInput when it cannot be read."""
    return (
        default_rules()
        if path is None
        else read_whole(path, classification.RULES_LIMIT, "a rule file fits on a page")
    )


def adopted_rules(folder: Folder) -> list[Adopted]:
    """The versions adopted here, the oldest first; BadInput when one was edited since."""
    found = []
    for name in folder.names(*_PLACE, suffix=".toml"):
        rules = classification.parse_rules(
            read_whole(folder.path(*_PLACE, f"{name}.toml"), classification.RULES_LIMIT)
        )
        record = folder.read_record(*_PLACE, name)
        if record["digest"] != rules.digest:
            raise Refused(
                f"version {name} of the rules was edited after it was adopted",
                "restore it, and adopt the edited file as the next version",
            )
        found.append(Adopted(rules, int(record["adopted_at"])))
    return sorted(found, key=lambda one: one.rules.version)


def rule_book(folder: Folder, path: Path | None = None) -> classification.RuleBook:
    """The rules of a file, else all versions adopted here, else those that come along."""
    if path is not None:
        return classification.RuleBook([classification.parse_rules(read_rule_file(path))])
    versions = [one.rules for one in adopted_rules(folder)]
    return classification.RuleBook(versions or [classification.parse_rules(default_rules())])


def adopt_rules(
    folder: Folder, path: Path | None, now: int
) -> tuple[classification.Rules, list[classification.LintFinding]]:
    """Adopt a version in a folder that is held; Refused when it has an error. It stays as it is from then on.

    The warnings are given back: one of them says that the rules take effect before today.
    """
    data = read_rule_file(path)
    findings = lint_file(folder, data, now)
    if errors := [one for one in findings if one.severity == "error"]:
        raise Refused(
            f"the rules have {count_of(len(errors), 'error')}: {'; '.join(map(str, errors))}",
            "correct the file",
        )
    rules = classification.parse_rules(data)
    known = [one.rules for one in adopted_rules(folder)]
    if rules.digest in {one.digest for one in known}:
        raise UsageError("this version is adopted already", "nothing needs to be done")
    classification.RuleBook([*known, rules])
    name = f"{rules.version:06}"
    # Without its text the record counts for nothing, so a killed command has adopted the rules or not.
    folder.write_record({"adopted_at": now, "digest": rules.digest}, *_PLACE, name)
    write_whole(folder.path(*_PLACE, f"{name}.toml"), data)
    return rules, findings


def lint_file(folder: Folder, data: bytes, now: int) -> list[classification.LintFinding]:
    """What is wrong with a rule file, beside the versions adopted here and what is imported."""
    if not folder.is_party:
        return classification.lint_rules(data, now)
    others = [one.rules for one in adopted_rules(folder) if one.rules.data != data]
    table = own_table(folder, "actions")
    return classification.lint_rules(
        data,
        now,
        others=others,
        opportunities=own_table(folder, "opportunities"),
        actions=actions.by_partners(table) if table is not None else None,
        stages=own_table(folder, "stages"),
    )
