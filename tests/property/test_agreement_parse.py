"""Whatever stands in a text, the readers answer with problems and never with another error."""

from __future__ import annotations

import random
import re

import pytest

from cleanroom.agreement import (
    AGREEMENT_SAMPLE,
    POLICY_SAMPLE,
    expand_presets,
    find_problems,
    lint,
    parse_document,
    policy_text,
    read_presets,
    read_sharing,
    renewal_policy,
    shipped_presets,
)
from cleanroom.agreement.document import Agreement
from overlap.errors import BadInput

#: Every optional key, so that each is changed too.
RICH = (
    AGREEMENT_SAMPLE.replace(
        "[terms]",
        '[terms]\npairs = ["customers:customers"]\nbudget_period = "30 days"\nmax_export_age = "2 weeks"\n'
        'read_budget = 12\nobligations = ["no-onward-share"]\nlease_holder = "room"\nprotocol = "dh"',
    )
    + f'renews = "{"5" * 64}"\n\n[room]\nparty = "notary"\ncard = "{"6" * 64}"\n'
    + "\n[prepared]\nchanges = 1000\nupdates = 12\nqueries = 100\nevaluations = 70_000\n"
)
COUNTED = (
    POLICY_SAMPLE.replace('"overlaps"', '"counts"').replace('fields = ["name"]\n', "")
    + '\n[counting]\nepsilon = "1/2"\nproposer_bounds = [65_000, 536]\naccepter_bounds = [65_000, 536]\n'
).replace('["customers"]', '["customers", "prospects"]')
SHARING = (
    'format = "overlap-sharing/1"\ndefault = "co-sell"\n\n[partner.acme]\npolicy = "x.toml"\n\n'
    '[partner.acme.terms]\nuntil = "30 days"\nrun_budget = 2\n\n[partner.acme.proposer]\nfields = ["name"]\n'
)
PRESETS = 'format = "overlap-presets/1"\nbrief = ["name", "city"]\n'
VALUES = ("1", "-1", "0", "true", "1.5", '""', '"x"', "[]", "[1]", '["a", 1]', "[[]]", "{}", "{a = 1}",
          "2026-11-22T10:00:00Z", "2026-11-22", "10:00:00", '"*"', '["all"]', "9" * 30, "nan", "inf",
          '"9 days"', "[0x10]", "[true]", '"1/1"', '"a:b"', '["a:b"]', "", "=", "'''x'''")  # fmt: skip
TEXTS = {
    "agreement": RICH,
    "counted": COUNTED,
    "sharing": SHARING,
    "presets": PRESETS,
    "territory": policy_text("territory-planning").decode(),
}


def take(text: bytes) -> None:
    """Give the text to every reader; what is correct is judged and renewed as well."""
    known = shipped_presets()
    problems = find_problems(expand_presets(text, known))
    for problem in problems:
        assert problem.what and problem.place
    if not problems:
        lint(text, 1_800_000_000)
    if not problems and text == expand_presets(text, known):
        document = parse_document(text)
        if isinstance(document, Agreement):
            for party in ("northwind", "contoso"):
                renewal_policy(document, party, "9 days")
    for reader in (read_presets, read_sharing):
        try:
            reader(text)
        except BadInput as error:
            assert "\n" not in error.what


@pytest.mark.parametrize("text", [RICH, COUNTED])
def test_the_texts_with_every_optional_key_are_correct(text: str) -> None:
    assert find_problems(text.encode()) == ()


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_every_value_of_every_type_is_read_or_a_problem(text: str) -> None:
    lines = text.split("\n")
    for at, line in enumerate(lines):
        for value in VALUES if re.match("[a-z_-]+ =", line) else ():
            changed = [*lines[:at], f"{line.split(' =')[0]} = {value}", *lines[at + 1 :]]
            take("\n".join(changed).encode())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_lines_that_are_dropped_doubled_or_moved_are_read_or_a_problem(text: str) -> None:
    source = random.Random(5)
    for _ in range(60):
        lines = text.split("\n")
        for _ in range(source.randint(1, 3)):
            at, to = source.randrange(len(lines)), source.randrange(len(lines))
            lines.insert(to, lines[at] if source.random() < 0.5 else lines.pop(at))
        take("\n".join(lines).encode())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_changed_bytes_are_read_or_a_problem(text: str) -> None:
    source, data = random.Random(6), text.encode()
    for _ in range(60):
        at = source.randrange(len(data))
        take(data[:at] + bytes([source.randrange(256)]) + data[at + 1 :])
    take(data)
