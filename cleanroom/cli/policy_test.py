"""policy test: the cases that a policy has to answer as its readers expect."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # Only written here, never read.
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.shell import Shell, json_option, print_json

if TYPE_CHECKING:
    from cleanroom.agreement import Outcome
    from cleanroom.session.agreement.policies import Tested

#: Questions of one case that are printed; the rest is counted.
_SHOWN = 5


@click.command("test")
@click.argument("policy")
@click.argument("cases", nargs=-1)
@click.option("--junit", metavar="FILE", help="Write the results as JUnit XML too, for a build server.")
@json_option
@click.pass_obj
def test_command(shell: Shell, policy: str, cases: tuple[str, ...], junit: str | None, as_json: bool) -> None:
    """Ask POLICY what its CASES expect it to allow and to deny.

    POLICY is a shipped name, a file of a policy or agreement, or the id of an agreement. CASES are TOML
    files; by default NAME.cases.toml beside NAME.toml. Ends with exit code 1 when a case fails. No folder is
    needed.
    """
    from pathlib import Path

    from cleanroom.session.agreement.policies import run_policy_cases
    from cleanroom.session.folder import write_whole

    tested = run_policy_cases(policy, cases, shell.root)
    if junit:
        write_whole(Path(junit), _junit(tested))
    if as_json:
        print_json([_as_json(one) for one in tested])
    else:
        for one in tested:
            for line in _lines(one):
                click.echo(line)
    if any(outcome.wrong for one in tested for outcome in one.outcomes):
        raise click.exceptions.Exit(1)


def _lines(tested: Tested) -> list[str]:
    lines = []
    for outcome in tested.outcomes:
        if outcome.wrong:
            lines.append(f"FAILED: {outcome.case.name} ({tested.cases}, {_place(outcome)})")
            lines += [f"    {line}" for line in _wrong_lines(outcome)]
    failed = sum(bool(outcome.wrong) for outcome in tested.outcomes)
    asked = sum(outcome.requests for outcome in tested.outcomes)
    cases = len(tested.outcomes)
    lines.append(
        f"{tested.policy}: {cases - failed} of {cases} cases passed, {failed} failed; "
        f"{asked:,} question{'s' if asked != 1 else ''} asked ({tested.cases})"
    )
    return lines


def _place(outcome: Outcome) -> str:
    return f"line {outcome.case.line}" if outcome.case.line else "no line of its own"


def _wrong_lines(outcome: Outcome) -> list[str]:
    case, wrong = outcome.case, outcome.wrong
    expected = f"{'allow' if case.allowed else 'deny'}{f' by {case.clause}' if case.clause else ''}"
    lines = [f"expected: {expected}; decided otherwise in {len(wrong):,} of {outcome.requests:,} questions:"]
    lines += [str(asked) for asked in wrong[:_SHOWN]]
    return [*lines, f"and {len(wrong) - _SHOWN:,} more"] if len(wrong) > _SHOWN else lines


def _as_json(tested: Tested) -> dict[str, Any]:
    return {
        "policy": tested.policy,
        "cases": tested.cases,
        "digest": tested.signed.digest,
        "accepted": tested.signed.accepted_at,
        "not_before": tested.signed.not_before,
        "until": tested.signed.until,
        "results": [
            {
                "name": outcome.case.name,
                "line": outcome.case.line,
                "passed": not outcome.wrong,
                "questions": outcome.requests,
                "wrong": [
                    {
                        "party": asked.request.party,
                        "action": asked.request.action,
                        "field": asked.request.field,
                        "population": asked.request.population,
                        "purpose": asked.request.purpose,
                        "when": asked.when,
                        "now": asked.now,
                        "allowed": asked.decision.allowed,
                        "clause": asked.decision.clause,
                        "reason": asked.decision.reason,
                    }
                    for asked in outcome.wrong
                ],
            }
            for outcome in tested.outcomes
        ],
    }


def _junit(tested: list[Tested]) -> bytes:
    """One test suite for each file of cases, one test for each case."""
    root = ET.Element("testsuites")
    for one in tested:
        failed = sum(bool(outcome.wrong) for outcome in one.outcomes)
        counts = {"tests": str(len(one.outcomes)), "failures": str(failed), "errors": "0", "skipped": "0"}
        suite = ET.SubElement(root, "testsuite", {"name": one.cases, **counts})
        for outcome in one.outcomes:
            test = ET.SubElement(suite, "testcase", name=outcome.case.name, classname=one.policy)
            if outcome.wrong:
                lines = _wrong_lines(outcome)
                failure = ET.SubElement(test, "failure", message=lines[0], type="decision")
                failure.text = "\n".join(lines[1:])
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
