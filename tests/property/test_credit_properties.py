"""Facts about claims that hold for every input; cases are generated, nothing is stored."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.attribution import (
    Failed,
    HeldAccount,
    Key,
    Verified,
    commit,
    prove,
    read_proofs,
    verify,
)

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
