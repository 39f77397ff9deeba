"""Another tool's rows beside ours, for random files: nothing is lost, and nothing is counted twice."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.attribution.classification import STATUSES
from cleanroom.attribution.observed import COMPARISONS, lay_beside, meanings

DEALS, PARTNERS = ("D1", "D2", "D3"), ("a", "b", "")
CREDITED = ("Disputed", "Sourced", "Assisted Close", "Influenced")
words = st.sampled_from(["Sourced", "partner influenced", "attached", "Review Attribution", "", "co-sell"])
shares = st.sampled_from(["", "0", "0.5", "50", "33.3%", "-1", "x", "1e9", "900"])
rows = st.lists(
    st.tuples(st.sampled_from([*DEALS, "D9"]), st.sampled_from([*PARTNERS, " A"]), words, shares), max_size=12
)
ours = st.dictionaries(
    st.tuples(st.sampled_from(DEALS), st.sampled_from(PARTNERS[:2])), st.sampled_from(STATUSES), max_size=6
)


def beside(own, theirs):
    known = {(deal, ""): "Unattributed" for deal in DEALS if not any(one == deal for one, _ in own)} | own
    table = pd.DataFrame(
        [(*key, status, "unattributed") for key, status in known.items()],
        columns=["opportunity", "partner", "status", "rule"],
    )
    names = ("opportunity_id", "partner", "status", "share")
    file = [{"row": at, **dict(zip(names, cells, strict=True))} for at, cells in theirs]
    return lay_beside(table, file, lambda name: name.strip().casefold(), meanings({}))


@given(ours, rows)
def test_every_row_with_a_partner_and_every_credit_of_ours_is_listed_once(own, theirs) -> None:
    numbered = list(enumerate(theirs, start=2))
    found = beside(own, numbered)
    assert {one.code for one in found} <= set(COMPARISONS)
    listed = [one.row for one in found if one.row]
    assert len(listed) == len(set(listed))
    assert {at for at, cells in numbered if cells[1].strip()} <= set(listed)
    # What we credit has a row of its own, the one in which it is laid beside the file, or one not understood.
    settled = [
        (one.opportunity, one.partner)
        for one in found
        if one.code in ("differ", "agree", "only-theirs", "only-ours", "not-in-file")
    ]
    assert len(settled) == len(set(settled))
    unread = {(one.opportunity, one.partner) for one in found if one.code.startswith("unknown-")}
    assert {key for key, status in own.items() if status in CREDITED} <= {*settled, *unread}


@given(ours, rows, st.randoms(use_true_random=False))
def test_the_order_of_the_file_changes_nothing(own, theirs, random) -> None:
    numbered = list(enumerate(theirs, start=2))
    turned = random.sample(numbered, len(numbered))
    assert beside(own, turned) == beside(own, numbered)
