"""What stands in a signed action log and in the answer to it, validated before use: FORMATS.md."""

from __future__ import annotations

from typing import Any

import pytest
from stories import act

from cleanroom.attribution.actions import Difference, answer_log, make_log, read_answer, read_log
from overlap.errors import MalformedFile, UsageError

VENDOR = "ab" * 32


def made(*rows: dict[str, str], **window: str) -> Any:
    return make_log(rows or (act("demo", "2026-05-03"),), VENDOR, 1_790_000_000, **window)


def test_a_log_reads_back_as_it_was_made_whatever_the_order_of_its_rows() -> None:
    rows = [
        act("demo", "2026-05-03", id="2"),
        act("demo", "2026-05-01", id="1"),
        act("demo", "2026-05-03", id="3"),
    ]
    log = made(*rows)
    assert read_log(log.predicate, log.subject) == log == made(*rows[::-1])
    assert [line["id"] for line in log.lines] == ["1", "2", "3"]
    assert (log.since, log.until) == ("2026-05-01", "2026-05-03")
    assert "owner" not in log.lines[0] and "partner" not in log.lines[0]
    window = made(*rows, since="2026-05-02", until="2026-06-01")
    assert [line["id"] for line in window.lines] == ["2", "3"] and window.until == "2026-06-01"


def test_what_steers_a_terminal_is_a_blank_in_what_is_signed() -> None:
    (line,) = made(act("demo", "2026-05-03", proof=" mail\n of\tMay \x1b[2J")).lines
    assert line["proof"] == "mail of May [2J"


def test_nothing_and_equal_ids_are_not_signed() -> None:
    with pytest.raises(UsageError):
        made(since="2027-01-01")
    with pytest.raises(UsageError):
        made(act("demo", "2026-05-03", id="1"), act("demo", "2026-05-04", id="1"))


@pytest.mark.parametrize(
    "change",
    [
        {"vendor": "AB" * 32},
        {"since": "2026-05-04"},
        {"until": "May"},
        {"made": True},
        {"made": "1"},
        {"lines": []},
        {"lines": {}},
        {"more": 1},
    ],
)
def test_a_log_of_another_form_is_refused(change: dict[str, Any]) -> None:
    log = made()
    with pytest.raises(MalformedFile):
        read_log(log.predicate | change, log.subject)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"date": ""},
        {"date": "2026-05-03 10:00"},
        {"due": "soon"},
        {"opportunity_id": ""},
        {"proof": 1},
        {"proof": "x" * 1001},
        {"proof": "clears the screen \x1b[2J"},
        {"next_step": "turns the text around \u202e"},
        {"owner": "jo"},
    ],
)
def test_a_line_of_another_form_is_refused(change: dict[str, Any]) -> None:
    log = made()
    line = {**log.lines[0], **change}
    with pytest.raises(MalformedFile):
        read_log({**log.predicate, "lines": [line]}, log.subject)


def test_lines_that_the_subject_does_not_name_are_refused() -> None:
    log, other = made(), made(act("demo", "2026-05-03", id="other"))
    with pytest.raises(MalformedFile):
        read_log(log.predicate, other.subject)


def test_an_answer_keeps_our_own_ids_back_and_is_checked_too() -> None:
    found = [Difference("other-date", "CRM-77", "p1", "O1", "contoso", "2026-05-03", "2026-05-04")]
    answer = answer_log(VENDOR, 1_790_000_000, found)
    assert read_answer(answer.predicate, answer.subject) == answer
    assert "CRM-77" not in str(answer.predicate)
    (line,) = answer.contested
    assert (line.line, line.partner_value, line.vendor_value) == ("p1", "2026-05-04", "2026-05-03")
    entry = answer.predicate["contested"][0]
    odd = [Difference("only-ours", "x", "", "O\x1b1", "contoso", "de\nmo" + "o" * 2000, "")]
    answer_odd = answer_log(VENDOR, 1, odd)
    assert read_answer(answer_odd.predicate, answer_odd.subject).contested[0].subject == "O 1"
    for change in (
        {"log": "cd" * 32},
        {"made": 1.5},
        {"contested": [{**entry, "code": "because"}]},
        {"contested": [{**entry, "line": 1}]},
        {"contested": [{**entry, "subject": "\x9b1m"}]},
        {"contested": [{**entry, "more": ""}]},
        {"contested": "none"},
    ):
        with pytest.raises(MalformedFile):
            read_answer(answer.predicate | change, answer.subject)
