"""Facts about credit and claims that hold for every input; cases are generated, nothing is stored."""

from __future__ import annotations

import dataclasses
import json
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.attribution import (
    EXPLANATION_LINES,
    FAILURES,
    REASONS,
    STATUSES,
    Evidence,
    Failed,
    HeldAccount,
    Key,
    Verified,
    commit,
    credit,
    explain,
    prove,
    read_proofs,
    verify,
)
from overlap.records import OPPORTUNITY_COLUMNS, TIERS

ACCOUNTS = ("A1", "A2", "")
seconds = st.none() | st.integers(100, 104)


@st.composite
def evidences(draw):
    token = f"{draw(st.integers(0, 5)):032x}"
    since = draw(st.sampled_from(["", "2019-01-01", "1970-01-01"]))
    good = Verified(token, b"o" * 32, 1, b"r" * 32, 0, 64, "domain", "customers", since, b"")
    bad = st.sampled_from(sorted(FAILURES)).map(lambda code: Failed(token, code))
    return Evidence(
        partner=draw(st.sampled_from(["contoso", "fabrikam", "northwind"])),
        account=draw(st.sampled_from(ACCOUNTS[:2])),
        token=token,
        tier=draw(st.sampled_from(TIERS)),
        committed_at=draw(seconds),
        disclosed_at=draw(seconds),
        stated_at=draw(seconds),
        outcome=draw(st.none() | st.just(good) | bad),
    )


opportunity = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["O1", "O2", "O3", "O4"]),
        "account_id": st.sampled_from(ACCOUNTS),
        "status": st.sampled_from(["open", "won", "lost", ""]),
    }
)


def frame(rows):
    lines = [dict.fromkeys(OPPORTUNITY_COLUMNS, "") | {"row": place} | row for place, row in enumerate(rows)]
    return pd.DataFrame(lines, columns=list(OPPORTUNITY_COLUMNS))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(opportunity, max_size=5), st.lists(evidences(), max_size=8), st.randoms(use_true_random=False)
)
def test_the_order_of_rows_never_matters(rows, items, shuffler: random.Random):
    opportunities = frame(rows)
    order = shuffler.sample(range(len(rows)), len(rows))
    mixed = shuffler.sample(items, len(items))
    ledger = credit(opportunities, items)
    assert ledger.equals(credit(opportunities.iloc[order], mixed))
    assert ledger.equals(credit(opportunities, items + items))


@settings(max_examples=60, deadline=None)
@given(st.lists(opportunity, max_size=5), st.lists(evidences(), max_size=8))
def test_statuses_partition_the_opportunities_and_every_row_explains_itself(rows, items):
    ledger = credit(frame(rows), items)
    assert sorted(ledger["row"]) == list(range(len(rows)))
    assert set(ledger["status"]) <= set(STATUSES)
    for _, row in ledger.iterrows():
        assert (row["status"] == "unresolved") == (row["reason"] in REASONS)
        assert (row["status"] == "credited") == bool(row["partner"])
        assert len(explain(row)) <= EXPLANATION_LINES


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.lists(evidences(), min_size=1, max_size=8))
def test_the_credited_claim_precedes_disclosure_and_every_competing_rival(items):
    row = credit(frame([{"id": "O", "account_id": "A1", "status": "open"}]), items).iloc[0]
    if row["status"] != "credited":
        return
    claims = {claim["partner"]: claim for claim in json.loads(row["claims"])}
    winner = claims.pop(row["partner"])
    own = [item for item in items if item.account == "A1" and item.partner == row["partner"]]
    assert all(item.disclosed_at > winner["committed_at"] for item in own)
    for rival in claims.values():
        if rival["grade"] in ("eligible", "undated-claim"):
            assert rival["committed_at"] > winner["committed_at"]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(evidences(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_date_or_a_stated_time_never_changes_who_is_credited(items, shuffler: random.Random):
    def redated(item):
        outcome = item.outcome
        if isinstance(outcome, Verified) and outcome.since:
            outcome = dataclasses.replace(outcome, since=shuffler.choice(["1970-01-01", "2025-12-31"]))
        return dataclasses.replace(item, outcome=outcome, stated_at=shuffler.randrange(10**9))

    opportunities = frame([{"id": "O", "account_id": name, "status": "won"} for name in ("A1", "A2")][:1])
    before, after = credit(opportunities, items), credit(opportunities, [redated(item) for item in items])
    assert list(before["partner"]) == list(after["partner"])
    assert list(before["reason"]) == list(after["reason"])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(evidences(), min_size=1, max_size=6), st.sampled_from(["contoso", "fabrikam", "northwind"]))
def test_removing_a_partner_never_changes_the_facts_of_another(items, gone):
    opportunities = frame([{"id": "O", "account_id": "A1", "status": "open"}])

    def facts(kept):
        claims = json.loads(credit(opportunities, kept).iloc[0]["claims"])
        return {claim["partner"]: claim for claim in claims if claim["partner"] != gone}

    assert facts(items) == facts([item for item in items if item.partner != gone])


keys = st.sampled_from([f"d{number}.example" for number in range(12)]).map(lambda name: Key("domain", name))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(keys, max_size=12, unique=True), st.lists(keys, max_size=6), st.integers(1, 9), st.integers(0, 9)
)
def test_exactly_the_committed_keys_are_proven_and_their_order_does_not_matter(held, asked, bucket, epoch):
    accounts = [HeldAccount(f"id-{key.value}", (key, None, None), "", "customers", b"") for key in held]
    committed = commit(accounts, b"o" * 32, epoch, b"k" * 32, "1", bucket=bucket)
    assert committed == commit(accounts[::-1], b"o" * 32, epoch, b"k" * 32, "1", bucket=bucket)
    matched = {f"{place:032x}": key for place, key in enumerate(asked)}
    proved = prove(committed.opening, matched)
    proofs = {proof.token: proof for proof in read_proofs(proved.body)}
    assert set(proofs) == {token for token, key in matched.items() if key in held}
    assert set(proved.missing) == set(matched) - set(proofs)
    for token, proof in proofs.items():
        assert isinstance(verify(proof, committed.commitment, b"o" * 32, matched[token], "1"), Verified)
        other = Key("domain", "other.example")
        assert isinstance(verify(proof, committed.commitment, b"o" * 32, other, "1"), Failed)
