"""The example for notebooks: ten lines on DataFrames, with public names only."""

from __future__ import annotations


def test_two_data_frames_are_matched_in_ten_lines() -> None:
    import pandas as pd

    import overlap

    ours = pd.DataFrame({"Id": ["a1", "a2"], "Name": ["Zephyrine GmbH", "Quollbrook"],
                         "Website": ["https://www.zephyrine.com", "quollbrook.co.uk"]})  # fmt: skip
    theirs = pd.DataFrame({"Record ID": ["7", "8"], "Company name": ["Zephyrine", "Vexmoor"],
                           "Company Domain Name": ["zephyrine.com", "vexmoor.com"]})  # fmt: skip
    table = overlap.read_accounts(ours)
    pairs = overlap.simulate(table.frame, theirs)
    print(pairs)

    assert pairs[["left_id", "right_id", "kind"]].values.tolist() == [["a1", "7", "domain_name"]]
    assert (len(table.frame), len(table.rejected)) == (2, 0)
