"""Altered files that once ended in a traceback, found by mutation. Every refusal names whose fault it is."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from attacked_house import House, introduce, keys_of, make_house, rows

from cleanroom.log import log_origin, read_checkpoint
from overlap import ingest
from overlap.errors import BadInput, BadPeerFile
from overlap.ingest import workbook


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 45, 89, 90])
def test_a_checkpoint_whose_signature_is_no_whole_base_64_is_refused(house: House, place: int) -> None:
    card = house.ours.keys.card
    origin = log_origin(card, keys_of("fabrikam").card)
    introduce(house.ours, house.theirs, house.place)
    lines = house.ours.log("fabrikam").head().to_note(card).split("\n")
    words = lines[4].split(" ")
    lines[4] = " ".join([*words[:2], words[2][:place] + "=" + words[2][place + 1 :]])
    with pytest.raises(BadPeerFile):
        read_checkpoint("\n".join(lines), origin, card)


def test_a_workbook_with_damaged_contents_is_one_clear_error(tmp_path: Path) -> None:
    place = tmp_path / "export.xlsx"
    rows(*range(50)).to_excel(place, index=False)
    whole = place.read_bytes()
    with zipfile.ZipFile(place) as archive:
        starts = [info.header_offset + 30 + len(info.filename) + 1 for info in archive.infolist()]
    for start in starts:
        for byte in (0x06, 0xFF):
            place.write_bytes(whole[:start] + bytes([byte]) * 8 + whole[start + 8 :])
            try:
                ingest.read_accounts(place)
            except BadInput:
                continue


def test_a_workbook_with_an_unknown_compression_is_one_clear_error(tmp_path: Path) -> None:
    place = tmp_path / "export.xlsx"
    rows(*range(5)).to_excel(place, index=False)
    whole = bytearray(place.read_bytes())
    at = -1
    while (at := whole.find(b"PK\x01\x02", at + 1)) >= 0:
        whole[at + 10] = 99
    place.write_bytes(whole)
    with pytest.raises(BadInput):
        ingest.read_accounts(place)


@pytest.mark.parametrize("more", [0, 1])
def test_a_workbook_that_unpacks_to_more_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    place = tmp_path / "export.xlsx"
    rows(*range(5)).to_excel(place, index=False)
    with zipfile.ZipFile(place) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    monkeypatch.setattr(workbook, "UNPACKED_LIMIT", unpacked - more)
    if not more:
        assert len(ingest.read_accounts(place).frame) == 5
        return
    with pytest.raises(BadInput, match="unpacks to more than"):
        ingest.read_accounts(place)


def test_a_workbook_whose_directory_claims_gigabytes_is_refused_before_unpacking(tmp_path: Path) -> None:
    """APPNOTE.TXT 4.3.12: the unpacked size stands in bytes 24 to 27 of a part's entry in the directory."""
    place = tmp_path / "export.xlsx"
    rows(*range(5)).to_excel(place, index=False)
    whole = bytearray(place.read_bytes())
    at = whole.find(b"PK\x01\x02")
    whole[at + 24 : at + 28] = (3 * 2**30).to_bytes(4, "little")
    place.write_bytes(whole)
    with pytest.raises(BadInput, match="unpacks to more than 2 GiB"):
        ingest.read_accounts(place)
