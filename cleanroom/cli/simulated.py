"""What `simulate --policy` prints: the numbers that two exports would give under a policy of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleanroom.cli.progress import ProgressLine
from cleanroom.cli.shell import Shell, print_json
from cleanroom.number import count_of
from overlap.errors import UsageError

if TYPE_CHECKING:
    from cleanroom.agreement import Terms
    from overlap import Table
    from overlap.engine import EngineChoice


def simulate_numbers(
    shell: Shell,
    sides: tuple[Table, Table],
    policy: str,
    deals: Path | None,
    choice: EngineChoice,
    as_json: bool,
) -> None:
    """Print how many accounts LEFT and RIGHT share and, at level `sum`, the sum of RIGHT's amounts."""
    from cleanroom.agreement import ACCOUNT_LEVELS
    from overlap.simulation import simulate_counts

    terms = _read_terms(policy)
    if terms.level in ACCOUNT_LEVELS:
        raise UsageError("this policy shows accounts", "leave --policy out, and give --out for the pairs")
    if deals and terms.level != "sum":
        raise UsageError("this policy sums nothing", "leave --deals out")
    progress = ProgressLine(shell.quiet)
    facts: dict[str, Any] = {"level": terms.level, "minimum_count": terms.minimum_count}
    if terms.level == "counts":
        shared = simulate_counts(sides[0].frame, sides[1].frame, progress=progress, engine=choice)
        facts["shared"] = shared if shared >= terms.minimum_count else None
    else:
        facts |= _sum(sides, terms, deals, progress, choice)
    progress.close()
    if as_json:
        print_json(facts)
        return
    for name, side in zip(("left", "right"), sides, strict=True):
        click.echo(
            f"{name:<7}{count_of(len(side.frame), 'account')}, {count_of(len(side.rejected), 'row')} rejected"
        )
    for reason, count in facts.get("left_out", {}).items():
        click.echo(f"careful {count_of(count, 'amount')} left out: {reason}")
    if facts["shared"] is None:
        click.echo(f"withheld  fewer than {terms.minimum_count:,} accounts are shared")
        return
    click.echo(f"shared at least {facts['shared']:,} accounts")
    if terms.level == "sum":
        granule = f"each account's rounded to {facts['granule']:,}"
        what = facts["of"].replace("_", " ")
        click.echo(f"sum    {facts['currency']} {facts['sum']:,} of right's {what}, {granule}")


def _sum(
    sides: tuple[Table, Table], terms: Terms, deals: Path | None, progress: ProgressLine, choice: EngineChoice
) -> dict[str, Any]:
    from overlap.ingest import read_opportunities
    from overlap.protocol import Amounts
    from overlap.simulation import simulate_sum

    agreed = terms.amounts
    if agreed is None:
        raise UsageError("this policy sums nothing", "give one of level sum")
    if (agreed.of == "open_opportunities") != (deals is not None):
        raise UsageError(
            f"this policy sums {agreed.of.replace('_', ' ')}",
            "leave --deals out" if deals else "give its opportunities with --deals FILE",
        )
    amounts = Amounts(agreed.of, agreed.currency, agreed.granule, agreed.maximum, terms.minimum_count)
    opportunities = None if deals is None else read_opportunities(deals).frame
    learned, valued = simulate_sum(
        sides[0].frame, sides[1].frame, amounts, opportunities, progress=progress, engine=choice
    )
    withheld = learned.shared < 0
    return {
        "of": agreed.of,
        "currency": agreed.currency,
        "granule": agreed.granule,
        "shared": None if withheld else learned.shared,
        "sum": None if withheld else learned.total,
        "left_out": dict(valued.left_out),
    }


def _read_terms(policy: str) -> Terms:
    from cleanroom.agreement import parse_policy
    from cleanroom.session.agreement.agreements import read_policy

    return parse_policy(read_policy(policy)).terms
