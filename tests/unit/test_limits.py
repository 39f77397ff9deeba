"""The limits of reports: said once each, and by every report that has them."""

from __future__ import annotations

from pathlib import Path

from cleanroom.limits import LIMITS, limits_of

SOURCES = Path(__file__).resolve().parents[2] / "cleanroom"


def test_no_sentence_stands_twice_and_all_are_short() -> None:
    sentences = [one for some in LIMITS.values() for one in some]
    assert len(set(sentences)) == len(sentences)
    assert all(one.endswith(".") and len(one) < 240 for one in sentences)
    assert all(1 <= len(some) <= 6 for some in LIMITS.values())


def test_every_list_of_limits_is_told_by_a_report() -> None:
    text = "".join(
        file.read_text(encoding="utf-8") for file in SOURCES.rglob("*.py") if file.name != "limits.py"
    )
    unused = [name for name in LIMITS if f'"{name}"' not in text]
    # Those of a lift are named by its measure.
    assert unused == ["lift days", "lift amount"]


def test_limits_of_several_reports_stand_in_order() -> None:
    assert limits_of("lift", "lift days") == [*LIMITS["lift"], *LIMITS["lift days"]]


def test_every_page_has_its_limits() -> None:
    pages = sorted((SOURCES / "report").glob("*_page.py"))
    assert len(pages) >= 6
    assert [page.name for page in pages if "limits_section(" not in page.read_text(encoding="utf-8")] == []
