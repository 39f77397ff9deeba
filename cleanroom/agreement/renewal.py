"""A renewal: the same terms between the same parties once more, as a new agreement with a new digest.

Either party may propose it. The one who does becomes the proposer: where it was the accepter, the roles swap
cleanly, and with them everything that is said by role, so that each side goes on giving and starting what it
gave and started before.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from cleanroom.agreement.document import OTHER_ROLE, POLICY_FORMAT, ROLES, Agreement
from cleanroom.agreement.lines import drop_key, drop_table, set_key, to_lines
from cleanroom.agreement.text import TIME_FORM

_SIDE: Final = re.compile(r"\[(proposer|accepter)\]( *(?:#.*)?)")
_BOUNDS: Final = re.compile(r"(proposer|accepter)_bounds( *=.*)")


def renewal_policy(old: Agreement, proposer: str, until: str = "") -> bytes:
    """The terms of an agreement as a policy again, with the party `proposer` in the role of that name.

    `until`, when given, is the new end: a time, or a duration from acceptance such as "90 days". BadInput
    when the text does not write its tables as lines of their own.
    """
    lines = to_lines(old.text)
    lines[0] = f'format = "{POLICY_FORMAT}"'
    for table in ("contract", "room"):
        drop_table(lines, table)
    for role in ROLES:
        for key in ("party", "card"):
            drop_key(lines, role, key)
    if old.role_of(proposer) != "proposer":
        _swap_lines(lines, old)
    if until:
        set_key(lines, "terms", "until", [f"until = {until}" if TIME_FORM.fullmatch(until) else _text(until)])
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def with_proposer(agreement: Agreement, party: str) -> Agreement:
    """The same agreement seen with `party` as its proposer, to be compared with one that it has proposed."""
    if agreement.proposer.party == party:
        return agreement
    terms = agreement.terms
    amounts, counting = terms.amounts, terms.counting
    if amounts is not None:
        amounts = replace(amounts, held_by=OTHER_ROLE[amounts.held_by])
    if counting is not None:
        bounds = (counting.accepter_bounds, counting.proposer_bounds)
        counting = replace(counting, proposer_bounds=bounds[0], accepter_bounds=bounds[1])
    swapped = replace(
        terms,
        starter=OTHER_ROLE[terms.starter],
        pairs=tuple((two, one) for one, two in terms.pairs),
        amounts=amounts,
        counting=counting,
    )
    return replace(agreement, proposer=agreement.accepter, accepter=agreement.proposer, terms=swapped)


def _swap_lines(lines: list[str], old: Agreement) -> None:
    terms = old.terms
    for at, line in enumerate(lines):
        if header := _SIDE.fullmatch(line):
            lines[at] = f"[{OTHER_ROLE[header[1]]}]{header[2]}"
        elif terms.counting is not None and (bounds := _BOUNDS.fullmatch(line)):
            lines[at] = f"{OTHER_ROLE[bounds[1]]}_bounds{bounds[2]}"
    set_key(lines, "terms", "starter", [f'starter = "{OTHER_ROLE[terms.starter]}"'])
    if terms.amounts is not None:
        set_key(lines, "amounts", "held_by", [f'held_by = "{OTHER_ROLE[terms.amounts.held_by]}"'])
    if terms.pairs:
        rows = [f'  "{two}:{one}",' for one, two in terms.pairs]
        set_key(lines, "terms", "pairs", ["pairs = [", *rows, "]"])


def _text(until: str) -> str:
    # What is no duration is refused by the parser; quotation marks must not end the text before that.
    quiet = until.replace('"', " ")
    return f'until = "{quiet}"'
