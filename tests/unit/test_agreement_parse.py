"""Parsing of policies and agreements. Expected problems restate cleanroom/FORMATS.md, section Agreement."""

from __future__ import annotations

import pytest

from cleanroom.agreement import (
    AGREEMENT_SAMPLE,
    FIELDS,
    POLICY_SAMPLE,
    AmountTerms,
    PreparedTerms,
    find_problems,
    parse,
    parse_policy,
)
from overlap.errors import BadInput, MalformedFile
from overlap.records import ACCOUNT_COLUMNS

#: 2026-11-22T10:00:00Z and 2027-03-01T00:00:00Z, as `date -u -d … +%s` prints them.
PROPOSED = 1795341600
SPRING = 1803859200


def changed(old: str, new: str, text: str = POLICY_SAMPLE) -> bytes:
    assert old in text
    return text.replace(old, new).encode()


def places(data: bytes) -> list[str]:
    return [problem.place for problem in find_problems(data)]


def test_both_samples_are_correct() -> None:
    assert parse_policy(POLICY_SAMPLE.encode()).title == "First contact"
    agreement = parse(AGREEMENT_SAMPLE.encode())
    assert (agreement.proposer.party, agreement.accepter.party) == ("northwind", "contoso")
    assert agreement.proposed == PROPOSED
    assert agreement.software.kinds == ("lei", "domain_name")
    assert agreement.terms.duration == 90 * 86_400


def test_a_fixed_period_is_read_in_unix_seconds() -> None:
    data = changed('"90 days"', "2027-03-01T00:00:00Z  # spring").replace(
        b'"acceptance"', b"2026-11-22T10:00:00Z"
    )
    terms = parse_policy(data).terms
    assert (terms.not_before, terms.until, terms.duration) == (PROPOSED, SPRING, None)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1 day", 86_400), ("12 weeks", 7_257_600), ("731 days", 63_158_400)]
)
def test_a_duration_counts_days_or_weeks(text: str, seconds: int) -> None:
    assert parse_policy(changed("90 days", text)).terms.duration == seconds


def test_an_end_in_quotation_marks_is_told_to_stand_without_them() -> None:
    with pytest.raises(BadInput, match="quotation marks"):
        parse_policy(changed("90 days", "2027-03-01T00:00:00Z"))


REFUSED_VALUES = {
    "another format": ('overlap-policy/1"', 'overlap-policy/2"', "line 1"),
    "format with a comment": ('policy/1"', 'policy/1" # mine', "line 1"),
    "title missing": ('title = "First contact"\n', "", "title"),
    "title empty": ("First contact", "", "title"),
    "title too long": ("First contact", "x" * 121, "title"),
    "unknown key at the top": ("[terms]", "[terms]\nx = 1", "terms.x"),
    "unknown table": ("[terms]", "[more]\na = 1\n[terms]", "more"),
    "party in a policy": ("[proposer]", '[proposer]\nparty = "northwind"', "proposer.party"),
    "wildcard field": ('fields = ["name"]', 'fields = ["*"]', "proposer.fields"),
    "wildcard for fields": ('fields = ["name"]', 'fields = "*"', "proposer.fields"),
    "all fields": ('fields = ["name"]', 'fields = ["name", "All"]', "proposer.fields"),
    "unknown field": ('fields = ["name"]', 'fields = ["salary"]', "proposer.fields"),
    "CRM id as field": ('fields = ["name"]', 'fields = ["id"]', "proposer.fields"),
    "number as field": ('fields = ["name"]', "fields = [1]", "proposer.fields"),
    "empty fields": ('fields = ["name"]', "fields = []", "proposer.fields"),
    "field twice": ('fields = ["name"]', 'fields = ["name", "name"]', "proposer.fields"),
    "wildcard population": ('populations = ["customers"]', 'populations = ["all"]', "proposer.populations"),
    "population with a space": ('["customers"]', '["my customers"]', "proposer.populations"),
    "seventeen populations": (
        '["customers"]',
        "[" + ", ".join(f'"p{number}"' for number in range(17)) + "]",
        "proposer.populations",
    ),
    "size bound zero": ("size_bound = 65536", "size_bound = 0", "proposer.size_bound"),
    "size bound too large": ("size_bound = 65536", "size_bound = 16777217", "proposer.size_bound"),
    "size bound as text": ("size_bound = 65536", 'size_bound = "65536"', "proposer.size_bound"),
    "size bound as truth": ("size_bound = 65536", "size_bound = true", "proposer.size_bound"),
    "size bound as hex": ("size_bound = 65536", "size_bound = 0x10000", "proposer.size_bound"),
    "size bound oddly grouped": ("size_bound = 65536", "size_bound = 6_5536", "proposer.size_bound"),
    "level hidden": ('"overlaps"', '"hidden"', "terms.level"),
    "level unknown": ('"overlaps"', '"some"', "terms.level"),
    "starter unknown": ('starter = "proposer"', 'starter = "both"', "terms.starter"),
    "purpose unknown": ('["co-sell"]', '["resale"]', "terms.purposes"),
    "purposes empty": ('["co-sell"]', "[]", "terms.purposes"),
    "purpose twice": ('["co-sell"]', '["co-sell", "co-sell"]', "terms.purposes"),
    "end missing": ('until = "90 days"\n', "", "terms.until"),
    "end never": ('"90 days"', '"never"', "terms.until"),
    "end in months": ('"90 days"', '"6 months"', "terms.until"),
    "end after too many days": ('"90 days"', '"732 days"', "terms.until"),
    "end after too many weeks": ('"90 days"', '"105 weeks"', "terms.until"),
    "end after no days": ('"90 days"', '"0 days"', "terms.until"),
    "end in other words": ('"90 days"', '"90  days"', "terms.until"),
    "end without zone": ('"90 days"', "2027-03-01T00:00:00", "terms.until"),
    "end in another zone": ('"90 days"', "2027-03-01T00:00:00+01:00", "terms.until"),
    "end with zone zero": ('"90 days"', "2027-03-01T00:00:00+00:00", "terms.until"),
    "end with a fraction": ('"90 days"', "2027-03-01T00:00:00.5Z", "terms.until"),
    "end with a fraction of nothing": ('"90 days"', "2027-03-01T00:00:00.0000001Z", "terms.until"),
    "end in lower case": ('"90 days"', "2027-03-01t00:00:00z", "terms.until"),
    "end as a day": ('"90 days"', "2027-03-01", "terms.until"),
    "end as a number": ('"90 days"', "1803859200", "terms.until"),
    "begin missing": ('not_before = "acceptance"\n', "", "terms.not_before"),
    "begin in words": ('"acceptance"', '"now"', "terms.not_before"),
    "minimum zero": ("minimum_count = 5", "minimum_count = 0", "terms.minimum_count"),
    "minimum above a size bound": ("minimum_count = 5", "minimum_count = 65537", "terms.minimum_count"),
    "budget negative": ("run_budget = 6", "run_budget = -1", "terms.run_budget"),
    "budget too large": ("run_budget = 6", "run_budget = 732", "terms.run_budget"),
    "budget with a fraction": ("run_budget = 6", "run_budget = 6.0", "terms.run_budget"),
    "exportable as text": ("exportable = false", 'exportable = "no"', "terms.exportable"),
    "not TOML": ("exportable = false", "exportable = maybe", "line 22"),
    "key twice": ("exportable = false", "exportable = false\nexportable = true", "line 23"),
    "carriage return": ('contact"\n', 'contact"\r\n', "line 2"),
    "tab": ("exportable = false", "exportable =\tfalse", "line 22"),
    "direction override": ("First contact", "First \u202econtact", "line 2"),
    "escape": ("First contact", "First \\u0063ontact", "line 2"),
    "long line": ("[terms]", "# " + "x" * 199 + "\n[terms]", "line 14"),
    "string over lines": ('"First contact"', '"""\nFirst contact"""', "line 2"),
    "marker of signatures": ("[terms]", "# -- signatures\n[terms]", "line 14"),
    "no last line feed": ('relations = ["same_entity"]\n', 'relations = ["same_entity"]', "file"),
}


@pytest.mark.parametrize(("old", "new", "place"), REFUSED_VALUES.values(), ids=REFUSED_VALUES.keys())
def test_a_policy_is_refused_at_the_place_of_its_defect(old: str, new: str, place: str) -> None:
    data = changed(old, new)
    assert place in places(data)
    with pytest.raises(BadInput):
        parse_policy(data)


REFUSED_NAMES = {
    "party missing": ('party = "northwind"\n', "", "proposer.party"),
    "party with a capital": ('"northwind"', '"Northwind"', "proposer.party"),
    "same party twice": ('"contoso"', '"northwind"', "accepter.party"),
    "same card twice": ("2" * 64, "1" * 64, "accepter.party"),
    "card in capitals": ("1" * 64, "A" * 64, "proposer.card"),
    "card too short": ("1" * 64, "1" * 63, "proposer.card"),
    "contract missing": ("[contract]", "[other]", "contract"),
    "kind twice": ('["lei", "domain_name"]', '["lei", "lei"]', "contract.kinds"),
    "a rate too few": ("[1, 2]", "[1]", "contract.false_hits"),
    "a rate as text": ("[1, 2]", '[1, "2"]', "contract.false_hits"),
    "a rate above all": ("[1, 2]", "[1, 1_001]", "contract.false_hits"),
    "no identifier": ("most = 8", "most = 0", "contract.most"),
    "proposed without zone": ("10:00:00Z", "10:00:00", "contract.proposed"),
    "digest missing": ('data_digest = "' + "4" * 64 + '"\n', "", "contract.data_digest"),
    "protocol with a space": ('"dh-2hash/1"', '"d h"', "contract.protocol"),
}


@pytest.mark.parametrize(("old", "new", "place"), REFUSED_NAMES.values(), ids=REFUSED_NAMES.keys())
def test_an_agreement_is_refused_at_the_place_of_its_defect(old: str, new: str, place: str) -> None:
    data = changed(old, new, AGREEMENT_SAMPLE)
    assert place in places(data)
    with pytest.raises(MalformedFile):
        parse(data)
    with pytest.raises(BadInput):
        parse(data, peer=False)


def test_an_agreement_is_no_policy_and_a_policy_no_agreement() -> None:
    with pytest.raises(BadInput, match="line 1"):
        parse_policy(AGREEMENT_SAMPLE.encode())
    with pytest.raises(MalformedFile, match="line 1"):
        parse(POLICY_SAMPLE.encode())


def test_a_counts_agreement_shows_no_field_and_exports_nothing() -> None:
    counts = POLICY_SAMPLE.replace('"overlaps"', '"counts"')
    assert places(counts.encode()) == ["proposer.fields", "accepter.fields"]
    without = counts.replace('fields = ["name"]\n', "")
    assert parse_policy(without.encode()).proposer.fields == ()
    assert places(without.replace("exportable = false", "exportable = true").encode()) == ["terms.exportable"]


SUM = (
    POLICY_SAMPLE.replace('"overlaps"', '"sum"')
    .replace('fields = ["name"]\n', "")
    .replace(
        "[terms]",
        '[amounts]\nheld_by = "accepter"\nof = "revenue"\ncurrency = "EUR"\n'
        "granule = 1_000\nmaximum = 5_000_000\n\n[terms]",
    )
)


def test_a_sum_agreement_says_whose_amounts_are_summed() -> None:
    amounts = parse_policy(SUM.encode()).terms.amounts
    assert amounts == AmountTerms("accepter", "revenue", "EUR", 1000, 5_000_000)
    assert parse_policy(POLICY_SAMPLE.encode()).terms.amounts is None


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('held_by = "accepter"', 'held_by = "proposer"', "amounts.held_by"),
        ('held_by = "accepter"', 'held_by = "both"', "amounts.held_by"),
        ('of = "revenue"', 'of = "employees"', "amounts.of"),
        ('"EUR"', '"eur"', "amounts.currency"),
        ('"EUR"', '"EURO"', "amounts.currency"),
        ("granule = 1_000", "granule = 0", "amounts.granule"),
        ("granule = 1_000", "granule = 300_000", "amounts.maximum"),
        ("maximum = 5_000_000", "maximum = 1_000_000_001_000", "amounts.maximum"),
        ("maximum = 5_000_000\n", "", "amounts.maximum"),
        ("maximum = 5_000_000", "maximum = 5_000_000\nnoise = 1", "amounts.noise"),
        ("minimum_count = 5", "minimum_count = 1", "terms.minimum_count"),
        ("exportable = false", "exportable = true", "terms.exportable"),
        ("candidates = false", "candidates = true", "terms.level"),
        ('level = "sum"', 'level = "counts"', "amounts"),
        ("[accepter]", '[accepter]\nfields = ["name"]', "accepter.fields"),
    ],
)
def test_a_sum_agreement_that_is_not_clear_is_refused(old: str, new: str, place: str) -> None:
    assert places(changed(old, new, SUM)) == [place]


def test_a_sum_agreement_needs_its_amounts_and_a_list_that_can_be_encrypted() -> None:
    without = SUM[: SUM.index("[amounts]")] + SUM[SUM.index("[terms]") :]
    assert places(without.encode()) == ["amounts"]
    large = SUM.replace("size_bound = 65536", "size_bound = 262145")
    assert places(large.encode()) == ["accepter.size_bound"]
    # The starter's list is not encrypted.
    assert places(large.replace("262145", "262144", 2).replace("262144", "262145", 1).encode()) == []


PREPARED = (
    POLICY_SAMPLE.replace("size_bound = 65536", "size_bound = 4096", 1)
    + "\n[prepared]\nchanges = 1_000\nupdates = 12\nqueries = 100\nevaluations = 10_000\n"
)


def test_an_agreement_says_how_far_a_prepared_list_goes() -> None:
    assert parse_policy(PREPARED.encode()).terms.prepared == PreparedTerms(1000, 12, 100, 10_000)
    assert parse_policy(POLICY_SAMPLE.encode()).terms.prepared is None


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("changes = 1_000", "changes = 65537", "prepared.changes"),
        ("changes = 1_000\n", "", "prepared.changes"),
        ("updates = 12", "updates = 732", "prepared.updates"),
        ("updates = 12", "updates = 0", "prepared.updates"),
        ("queries = 100", "queries = 4097", "prepared.queries"),
        ("evaluations = 10_000", "evaluations = 4095", "prepared.evaluations"),
        ("evaluations = 10_000", "evaluations = 10_000\nruns = 1", "prepared.runs"),
        ("size_bound = 65536", "size_bound = 8_388_609", "accepter.size_bound"),
        ('starter = "proposer"', 'starter = "accepter"', "terms.starter"),
        ("exportable = false", 'exportable = false\nprotocol = "vole"', "terms.level"),
    ],
)
def test_a_prepared_list_that_is_not_clear_is_refused(old: str, new: str, place: str) -> None:
    wide = PREPARED.replace("evaluations = 10_000", "evaluations = 100_000")
    text = wide if "accepter" in new else PREPARED
    assert places(changed(old, new, text)) == [place]


def test_a_prepared_list_is_for_level_overlaps_and_its_tags_can_be_counted() -> None:
    counts = PREPARED.replace('"overlaps"', '"counts"').replace('fields = ["name"]\n', "")
    assert places(counts.encode()) == ["terms.level"]
    large = PREPARED.replace("65536", "8_388_608").replace("1_000", "8_388_608", 1)
    assert places(large.replace("updates = 12", "updates = 512").encode()) == ["prepared.updates"]
    assert places(large.replace("updates = 12", "updates = 510").encode()) == []


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    begun = POLICY_SAMPLE.replace('"acceptance"', "2027-03-01T00:00:00Z")
    assert places(changed('"90 days"', "2027-03-01T00:00:00Z", begun)) == ["terms.until"]
    assert places(changed('"90 days"', "2029-03-02T00:00:00Z", begun)) == ["terms.until"]  # 732 days
    assert places(changed('"90 days"', "2029-03-01T00:00:00Z", begun)) == []  # 731 days


def test_all_problems_come_at_once_with_the_smallest_correct_sample() -> None:
    data = (
        POLICY_SAMPLE.replace('until = "90 days"\n', "")
        .replace('["co-sell"]', '["resale"]')
        .replace('fields = ["name"]', 'fields = ["*"]')
        .replace("run_budget = 6", "run_budget = 6\nmystery = 1")
    )
    expected = ["terms.purposes", "terms.until", "proposer.fields", "accepter.fields", "terms.mystery"]
    assert sorted(places(data.encode())) == sorted(expected)
    with pytest.raises(BadInput) as refused:
        parse_policy(data.encode())
    assert "5 problems" in refused.value.what
    assert all(place in refused.value.what for place in expected)
    assert "\n" not in refused.value.what
    assert refused.value.hint.endswith(POLICY_SAMPLE)


def test_no_message_quotes_what_the_file_says() -> None:
    data = (
        POLICY_SAMPLE.replace('"co-sell"', '"acme-secret"')
        .replace('fields = ["name"]', 'fields = ["acme secret"]')
        .replace("exportable = false", 'exportable = "acme"\n"acme inc" = 1')
    ).encode()
    with pytest.raises(BadInput) as refused:
        parse_policy(data)
    assert "acme" not in refused.value.what + refused.value.hint
    assert len(find_problems(data)) == 5
    with pytest.raises(BadInput) as broken:
        parse_policy(data + b"acme = acme\n")
    assert "acme" not in broken.value.what + broken.value.hint


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"\xff\n", b"\xef\xbb\xbf" + POLICY_SAMPLE.encode(), b"a = " + b"[" * 60_000 + b"\n"],
    ids=["empty", "one line feed", "not UTF-8", "byte order mark", "deep nesting"],
)
def test_bytes_that_are_no_document_are_one_clear_error(data: bytes) -> None:
    with pytest.raises(BadInput):
        parse_policy(data)
    with pytest.raises(MalformedFile):
        parse(data)


def test_a_file_over_64_kib_is_refused_without_reading_it() -> None:
    comment = b"# " + b"x" * 97 + b"\n"
    large = POLICY_SAMPLE.encode() + comment * 700
    assert [problem.what for problem in find_problems(large)] == ["is larger than 64 KiB"]
    assert find_problems(POLICY_SAMPLE.encode() + comment * 600) == ()


def test_a_file_with_carriage_returns_is_one_problem_of_its_lines_not_one_a_line() -> None:
    problems = find_problems(POLICY_SAMPLE.replace("\n", "\r\n").encode())
    assert [problem.place for problem in problems] == ["line 1", "line 1"]  # the format line, and the returns
    assert problems[0].what.endswith(f"(on {POLICY_SAMPLE.count(chr(10))} lines)")


def test_a_number_of_many_digits_is_refused() -> None:
    assert find_problems(changed("run_budget = 6", "run_budget = " + "9" * 180))
    digits = b"run_budget = " + b"9" * 5000
    assert find_problems(POLICY_SAMPLE.encode().replace(b"run_budget = 6", digits))


def test_the_fields_that_can_be_shown_are_account_columns_without_ids() -> None:
    assert set(ACCOUNT_COLUMNS) - set(FIELDS) == {"row", "id", "parent_id"}
