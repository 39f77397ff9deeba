"""FORMATS.md, PROTOCOL.md and the sources know the same formats, and `inspect` knows those that are files.

Nothing is stated here: both sides of every comparison are read from documents and sources.
"""

from __future__ import annotations

import dataclasses
import re

import pytest
from source import PACKAGES, ROOT

from cleanroom import bundle, receipts, vault
from cleanroom.agreement import CASES_LIMIT, document
from cleanroom.attribution.claims import audit, commitment, history, terms
from cleanroom.attribution.claims import bundle as claims_bundle
from cleanroom.session import folder, stored
from cleanroom.session.accounts.imports import Imported
from cleanroom.session.audit import inspecting
from cleanroom.session.match.runs import FRAME_LIMIT, RunRecord
from cleanroom.session.post import letters
from cleanroom.session.share.holding import STATE_LIMIT
from cleanroom.session.share.releases import Release
from cleanroom.share import grant, lease, request
from overlap.keys import card, rotation
from overlap.protocol import Header

FORMATS = (ROOT / "cleanroom" / "FORMATS.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "overlap" / "PROTOCOL.md").read_text(encoding="utf-8")

#: A format name; the names of suites and protocols are written otherwise.
NAME = re.compile(r"\boverlap-[a-z]+(?:-[a-z]+)*/[0-9]+")


def table(text: str, header: str) -> list[list[str]]:
    """The cells of the rows below the table header that begins so."""
    lines = text.split(f"\n{header}", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def quoted(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


FILES = {quoted(row[0])[0]: row for row in table(FORMATS, "| first line | what | written by |")}
INSIDE = [quoted(row[0])[0] for row in table(FORMATS, "| first line | what | inside |")]
LABELS = {name for row in table(FORMATS, "| name | where |") for name in quoted(row[0])}


def names_in_sources() -> set[str]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in [*paths, *(ROOT / "policies").glob("*.toml")]]
    return set(NAME.findall("\n".join(texts)))


def test_the_tables_list_every_format_name_of_the_sources_once() -> None:
    assert sorted([*FILES, *INSIDE, *LABELS]) == sorted(names_in_sources())


def test_the_documents_name_no_format_that_the_sources_do_not_have() -> None:
    assert set(NAME.findall(FORMATS + PROTOCOL)) <= names_in_sources()


def test_inspect_knows_exactly_the_formats_that_are_files() -> None:
    assert list(inspecting.FILE_FORMATS) == list(FILES)


@pytest.mark.parametrize("name", [*FILES, *INSIDE])
def test_every_format_has_a_section(name: str) -> None:
    text = PROTOCOL if name == "overlap-frame/1" else FORMATS
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert any(f"`{name}`" in line for line in headings)


def test_the_document_has_one_beginning() -> None:
    assert FORMATS.startswith("# Formats\n")
    assert len(re.findall(r"(?m)^# ", FORMATS)) == 1


#: Where the code has the limit of a format, in bytes.
LIMITS = {
    "overlap-record/1": folder.RECORD_LIMIT,
    "overlap-card/1": card.CARD_LIMIT_BYTES,
    "overlap-rotation/1": rotation.ROTATION_LIMIT_BYTES,
    "overlap-card-revocation/1": rotation.ROTATION_LIMIT_BYTES,
    "overlap-stored/1": stored.STORED_LIMIT,
    "overlap-policy/1": document.SIZE_LIMIT,
    "overlap-presets/1": document.SIZE_LIMIT,
    "overlap-sharing/1": document.SIZE_LIMIT,
    "overlap-policy-cases/1": CASES_LIMIT,
    "overlap-agreement/1": document.SIZE_LIMIT,
    "overlap-letter/1": letters.LETTER_LIMIT,
    "overlap-claims-commitment/1": commitment.COMMITMENT_LIMIT,
    "overlap-claims-log/1": history.CLAIMS_LOG_LIMIT,
    "overlap-claims-bundle/1": claims_bundle.BUNDLE_LIMIT,
    "overlap-claims-conflict/1": history.CONFLICT_LIMIT,
    "overlap-claims-terms/1": terms.TERMS_LIMIT,
    "overlap-claims-draw/1": audit.DRAW_LIMIT,
    "overlap-claims-answer/1": audit.ANSWER_LIMIT,
    "overlap-frame/1": FRAME_LIMIT,
    "overlap-share/1": grant.SHARE_LIMIT_BYTES,
    "overlap-request/1": request.REQUEST_LIMIT_BYTES,
    "overlap-lease/1": lease.LEASE_LIMIT_BYTES,
    "overlap-shares/1": STATE_LIMIT,
    "overlap-vault-secret/1": vault.SECRET_LIMIT_BYTES,
    "overlap-statement/1": receipts.STATEMENT_LIMIT_BYTES,
    "overlap-bundle/1": bundle.BUNDLE_LIMIT_BYTES,
}
UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@pytest.mark.parametrize("name", LIMITS)
def test_the_stated_limit_is_the_constant(name: str) -> None:
    number, unit = FILES[name][4].split()[:2]
    assert int(number) * UNITS[unit] == LIMITS[name]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("TABLE.import", Imported),
        ("runs/RUN/run", RunRecord),
        ("STEP.header", Header),
        ("SHARE.release", Release),
    ],
)
def test_the_fields_of_a_record_are_those_of_its_class(place: str, kind: type) -> None:
    rows = {quoted(row[0])[0]: quoted(row[1]) for row in table(FORMATS, "| record | fields |")}
    assert rows[place] == [field.name for field in dataclasses.fields(kind)]


def test_the_purposes_of_stored_secrets_are_described() -> None:
    rows = table(FORMATS, "| purpose | name | contents |")
    assert sorted(quoted(row[0])[0].encode() for row in rows) == sorted(stored.PURPOSES)


def test_the_kinds_of_letters_are_described() -> None:
    assert [quoted(row[0])[0] for row in table(FORMATS, "| kind | body |")] == list(letters.KINDS)
