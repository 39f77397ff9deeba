"""Lists of known pairs: how their columns are found, and which rows are no pairs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from overlap.errors import BadInput
from overlap.ingest import read_pairs
from overlap.records import KNOWN_PAIR_COLUMNS


def rows(place: Path) -> list[list[str]]:
    frame = read_pairs(place).frame
    assert tuple(frame.columns) == KNOWN_PAIR_COLUMNS
    return frame[["left_id", "right_id", "label"]].to_numpy().tolist()


@pytest.mark.parametrize(
    "text",
    [
        "left_id,right_id\n1,A7\n2,B8\n",
        "Left ID;Right ID\n1;A7\n2;B8\n",
        "ltable_id\trtable_id\n1\tA7\n2\tB8\n",
        "note,right_id,left_id\nx,A7,1\ny,B8,2\n",
        "crm,other\n1,A7\n2,B8\n",
        "idAbt,idBuy,why\n1,A7,seen\n2,B8,seen\n",
        "made by hand\nleft_id,right_id\n1,A7\n2,B8\n",
    ],
)
def test_columns_by_name_or_the_first_two(tmp_path: Path, text: str) -> None:
    place = tmp_path / "gold.csv"
    place.write_text(text, encoding="utf-8")
    assert rows(place) == [["1", "A7", "1"], ["2", "B8", "1"]]


def test_labels_are_1_or_0(tmp_path: Path) -> None:
    place = tmp_path / "gold.csv"
    place.write_text("left_id,right_id,label\n1,A,1\n2,B,0\n3,C,true\n4,D,No\n5,E,\n6,F,maybe\n,G,1\n")
    assert rows(place) == [["1", "A", "1"], ["2", "B", "0"], ["3", "C", "1"], ["4", "D", "0"]]
    rejected = {each.row: each.reason for each in read_pairs(place).rejected}
    assert sorted(rejected) == [6, 7, 8]
    assert "label" in rejected[6] and "label" in rejected[7] and "id" in rejected[8]


def test_ids_are_made_plain_as_those_of_the_lists_were() -> None:
    frame = pd.DataFrame({"left_id": ["001A000000fake1", '="0012"'], "right_id": [9001, 9002]})
    plain = read_pairs(frame, profiles=("salesforce", "hubspot")).frame
    assert plain["left_id"].str.len().tolist() == [18, 4] and plain["left_id"][0].startswith(
        "001A000000fake1"
    )
    assert plain["right_id"].tolist() == ["9001", "9002"]


@pytest.mark.parametrize("text", ["pairs\n1\n", "id,id\n1,2\n", ",b\n1,2\n"])
def test_a_list_without_two_named_columns_is_refused(tmp_path: Path, text: str) -> None:
    place = tmp_path / "gold.csv"
    place.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput):
        read_pairs(place)
