"""Proposing, signing, reading. Expected times are counted by hand from the constants of agreement_parties."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace

import pytest

from cleanroom.agreement import (
    COUNTS_TRUST,
    POLICY_SAMPLE,
    SUM_TRUST,
    ClaimRoot,
    accept,
    build_contract,
    describe,
    parse,
    parse_policy,
    policy_text,
    propose,
    read_proposal,
    read_signed,
    require_software,
    sign_proposal,
)
from overlap.errors import (
    BadInput,
    ContractMismatch,
    ForgedFile,
    MalformedFile,
    Refused,
    Unverified,
    UsageError,
)
from overlap.protocol.contract import Amounts, Contract
from tests.agreement_parties import (
    ACCEPTED,
    CARDS,
    CONTOSO,
    DAY,
    IMPOSTOR,
    NORTHWIND,
    PROPOSED,
    SOFTWARE,
    STRANGER,
    make_file,
    make_proposal,
    make_signed,
    make_text,
)

MARKER = b"# -- signatures, one a line: role, party, time, signature --\n"


def test_a_proposed_text_keeps_every_line_of_the_policy_and_its_comments() -> None:
    policy = POLICY_SAMPLE.replace("[proposer]", "# We, the vendor, show this:\n[proposer]  # us")
    lines = make_text(policy).decode().splitlines()
    kept = [line for line in policy.splitlines()[1:] if line]
    assert [line for line in lines if line in kept and line] == kept
    assert lines[0] == 'format = "overlap-agreement/1"'
    assert lines[lines.index("[proposer]  # us") + 1] == 'party = "northwind"'


def test_a_proposed_text_says_the_terms_of_the_policy() -> None:
    agreement, policy = parse(make_text()), parse_policy(POLICY_SAMPLE.encode())
    assert agreement.terms == policy.terms
    assert replace(agreement.proposer, party="", card="") == policy.proposer
    assert (agreement.proposer.party, agreement.proposer.card) == ("northwind", NORTHWIND.card.digest.hex())
    assert (agreement.accepter.party, agreement.accepter.card) == ("contoso", CONTOSO.card.digest.hex())
    assert (agreement.proposed, agreement.software) == (PROPOSED, SOFTWARE)


def test_a_policy_whose_tables_are_not_on_lines_of_their_own_is_refused() -> None:
    policy = POLICY_SAMPLE.replace("[accepter]", "[ accepter ]").encode()
    assert parse_policy(policy)
    with pytest.raises(BadInput, match="lines of their own"):
        propose(policy, NORTHWIND.card, CONTOSO.card, SOFTWARE, PROPOSED)


def test_nobody_proposes_to_himself() -> None:
    with pytest.raises(BadInput, match="same party"):
        propose(POLICY_SAMPLE.encode(), NORTHWIND.card, NORTHWIND.card, SOFTWARE, PROPOSED)


def test_the_digest_covers_the_bytes_before_the_marker() -> None:
    data = make_file()
    text = data[: data.index(MARKER)]
    signed = read_signed(data, CARDS)
    assert text == make_text()
    assert signed.digest == hashlib.sha256(text).hexdigest()
    assert signed.file_digest == hashlib.sha256(data).hexdigest()
    assert read_proposal(make_proposal(), CARDS).digest == signed.digest


def test_a_signed_file_is_still_toml_and_has_one_line_for_each_signature() -> None:
    data = make_file().decode()
    assert tomllib.loads(data)["terms"]["until"] == "90 days"
    proposer, accepter = data.splitlines()[-2:]
    assert proposer.startswith("# proposer northwind 2026-11-22T10:00:00Z ")
    assert accepter.startswith("# accepter contoso 2026-11-22T11:00:00Z ")


def test_a_duration_is_counted_from_acceptance() -> None:
    signed = make_signed()
    assert (signed.accepted_at, signed.not_before) == (ACCEPTED, ACCEPTED)
    assert signed.until == ACCEPTED + 90 * DAY


def test_an_agreement_begins_at_the_later_of_acceptance_and_not_before() -> None:
    later = make_signed(POLICY_SAMPLE.replace('"acceptance"', "2026-12-01T00:00:00Z"))
    assert later.not_before == 1796083200  # date -u -d 2026-12-01T00:00:00Z +%s
    earlier = make_signed(POLICY_SAMPLE.replace('"acceptance"', "2026-11-01T00:00:00Z"))
    assert earlier.not_before == ACCEPTED


def test_a_proposal_can_be_accepted_for_30_days_and_not_a_second_longer() -> None:
    assert make_signed(accepted=PROPOSED + 30 * DAY).accepted_at == PROPOSED + 30 * DAY
    with pytest.raises(Refused, match="older than 30 days"):
        make_file(accepted=PROPOSED + 30 * DAY + 1)


def test_nobody_signs_before_the_proposal() -> None:
    assert make_signed(accepted=PROPOSED).accepted_at == PROPOSED
    with pytest.raises(Refused, match="before it was proposed"):
        make_file(accepted=PROPOSED - 1)
    with pytest.raises(Refused, match="before it was proposed"):
        sign_proposal(make_text(), NORTHWIND, PROPOSED - 1)


def test_an_end_that_passed_before_acceptance_is_refused() -> None:
    policy = POLICY_SAMPLE.replace('"90 days"', "2026-11-22T11:00:00Z")
    with pytest.raises(Refused, match="end before it begins"):
        make_file(policy, accepted=ACCEPTED)
    assert make_signed(policy, accepted=ACCEPTED - 1).until == ACCEPTED


def test_a_fixed_end_more_than_731_days_after_acceptance_is_refused() -> None:
    with pytest.raises(Refused, match="more than 731 days"):
        make_proposal(POLICY_SAMPLE.replace('"90 days"', "2028-11-22T10:00:01Z"))
    policy = POLICY_SAMPLE.replace('"90 days"', "2028-11-22T10:00:00Z")
    assert make_signed(policy, accepted=PROPOSED).until == PROPOSED + 731 * DAY


def test_a_file_with_one_signature_is_a_proposal_and_no_agreement() -> None:
    assert read_proposal(make_proposal(), CARDS).signature.role == "proposer"
    with pytest.raises(MalformedFile, match="not accepted yet"):
        read_signed(make_proposal(), CARDS)
    with pytest.raises(MalformedFile, match="no signature"):
        read_proposal(make_text(), CARDS)


def test_an_agreement_is_accepted_once() -> None:
    with pytest.raises(Refused, match="already accepted"):
        accept(make_file(), CARDS, SOFTWARE, CONTOSO, ACCEPTED + 1)


def test_only_the_parties_of_the_text_sign_it() -> None:
    with pytest.raises(Refused, match="not those of the agreement's proposer"):
        sign_proposal(make_text(), CONTOSO, PROPOSED)
    for keys in (NORTHWIND, STRANGER, IMPOSTOR):
        with pytest.raises(Refused, match="not those of the agreement's accepter"):
            accept(make_proposal(), CARDS, SOFTWARE, keys, ACCEPTED)


def test_a_card_that_is_not_confirmed_is_not_read() -> None:
    for cards in ((NORTHWIND.card,), (NORTHWIND.card, IMPOSTOR.card), (), (STRANGER.card,)):
        with pytest.raises(Unverified):
            read_signed(make_file(), cards)


def test_signatures_of_another_text_are_forged() -> None:
    other = make_file(POLICY_SAMPLE.replace("90 days", "91 days"))
    text, signatures = make_file().split(MARKER)[0], other.split(MARKER)[1]
    with pytest.raises(ForgedFile):
        read_signed(text + MARKER + signatures, CARDS)


def test_a_signature_does_not_count_for_the_other_role() -> None:
    text, block = make_file().split(MARKER)
    lines = block.splitlines(keepends=True)
    value = lines[0].split()[-1]
    forged = lines[0] + b"# accepter contoso 2026-11-22T11:00:00Z " + value + b"\n"
    with pytest.raises(ForgedFile):
        read_signed(text + MARKER + forged, CARDS)
    renamed = lines[0] + b"# accepter northwind 2026-11-22T11:00:00Z " + value + b"\n"
    with pytest.raises(MalformedFile, match="another party"):
        read_signed(text + MARKER + renamed, CARDS)


def test_signature_blocks_of_another_form_are_refused() -> None:
    text, block = make_file().split(MARKER)
    first, second = block.splitlines(keepends=True)
    blocks = {
        "no line": b"",
        "accepter only": second,
        "other order": second + first,
        "proposer twice": first + first,
        "three lines": first + second + second,
        "something after": first + second + b"\n",
        "a comment after": first + second + b"# seen by legal\n",
        "no last line feed": first + second[:-1],
        "two spaces": first + second.replace(b"# accepter", b"#  accepter"),
        "marker twice": MARKER + first + second,
        "carriage returns": (first + second).replace(b"\n", b"\r\n"),
    }
    for name, changed in blocks.items():
        with pytest.raises(MalformedFile):
            read_signed(text + MARKER + changed, CARDS)
            pytest.fail(name)


def test_software_that_differs_is_named_by_field() -> None:
    agreement = parse(make_text())
    require_software(agreement, SOFTWARE)
    more = {"lei": 1, "vat": 10, "domain_name": 2, "name_country": 8, "name": 15}
    require_software(agreement, replace(SOFTWARE, kinds=tuple(more), false_hits=tuple(more.values())))
    for field, value in {
        "protocol": "vole",
        "normaliser": "3",
        "normaliser_digest": "5" * 64,
        "data_digest": "6" * 64,
        "kinds": ("domain_name", "lei", "name_country"),
        "false_hits": (1, 2, 9),
        "most": 9,
    }.items():
        own = replace(SOFTWARE, **{field: value})
        with pytest.raises(ContractMismatch) as refused:
            accept(make_proposal(), CARDS, own, CONTOSO, ACCEPTED)
        assert refused.value.field == field
    with pytest.raises(ContractMismatch) as fewer:
        require_software(agreement, replace(SOFTWARE, kinds=("lei", "domain")))
    assert fewer.value.field == "kinds"


@pytest.mark.parametrize("starter", ["proposer", "accepter"])
def test_the_contract_says_what_the_agreement_says(starter: str) -> None:
    signed = make_signed(POLICY_SAMPLE.replace('starter = "proposer"', f'starter = "{starter}"'))
    contract = build_contract(signed, {"contoso": ClaimRoot("7" * 64, 12)})
    assert Contract.from_bytes(contract.to_bytes()) == contract
    assert contract.agreement == signed.file_digest
    assert (contract.level, contract.protocol, contract.kinds) == ("overlaps", "dh", SOFTWARE.kinds)
    sides = {contract.starter.party: contract.starter, contract.responder.party: contract.responder}
    assert contract.starter.party == {"proposer": "northwind", "accepter": "contoso"}[starter]
    assert (sides["contoso"].claim_root, sides["contoso"].claim_leaves) == ("7" * 64, 12)
    assert (sides["northwind"].claim_root, sides["northwind"].claim_leaves) == ("", 0)
    assert sides["northwind"].populations == ("customers",)
    with pytest.raises(UsageError):
        build_contract(signed, {"stranger": ClaimRoot("", 0)})


def test_two_acceptances_of_one_text_do_not_meet_in_a_run() -> None:
    first, second = make_signed(accepted=ACCEPTED), make_signed(accepted=ACCEPTED + 1)
    assert first.digest == second.digest
    with pytest.raises(ContractMismatch) as refused:
        build_contract(first, {}).require_equal(build_contract(second, {}))
    assert refused.value.field == "agreement"


def test_the_description_says_what_a_prepared_list_tells() -> None:
    table = "[prepared]\nchanges = 1000\nupdates = 12\nqueries = 100\nevaluations = 70_000\n"
    signed = make_signed(POLICY_SAMPLE + "\n" + table)
    text = "\n".join(describe(signed))
    assert "contoso prepares its list once" in text and "12 times, each time by at most 1,000" in text
    assert "an update tells northwind at once" in text
    assert "northwind asks about, it sees at all versions" in text
    assert "contoso sees whether a run asked about few" in text
    assert "prepares" not in "\n".join(describe(make_signed()))
    assert build_contract(signed, {}).queries == 65536 and build_contract(make_signed(), {}).queries == 0


def test_the_description_says_who_sees_what_until_when() -> None:
    policy = POLICY_SAMPLE.replace('fields = ["name"]', 'fields = ["name", "owner_email"]', 1)
    lines = describe(make_signed(policy + 'asymmetry = "contoso has no owners"\n'))
    assert "in force from 2026-11-22T11:00:00Z, ends at 2027-02-20T11:00:00Z (90 days)" in lines
    assert "contoso sees of each matched account of northwind: name, owner_email" in lines
    assert "of these, owner_email can name a person" in lines
    assert "northwind sees of each matched account of contoso: name" in lines
    different = (
        "the two sides do not show the same: their fields differ; the reason given: contoso has no owners"
    )
    assert different in lines
    assert "for co-sell and nothing else" in lines
    assert "what is shown may not be exported" in lines
    assert "at most 6 runs; a result of fewer than 5 accounts is withheld" in lines
    assert any("not accepted yet" in line for line in describe(read_proposal(make_proposal(), CARDS)))
    assert "not signed by anybody yet" in describe(parse(make_text()))


def test_the_description_of_counts_says_that_no_field_is_seen() -> None:
    policy = POLICY_SAMPLE.replace('"overlaps"', '"counts"').replace('fields = ["name"]\n', "")
    lines = describe(make_signed(policy))
    assert "northwind sees no field of any account of contoso, only how many match" in lines
    assert "nothing is shown that could be exported" in lines
    assert not any("do not show the same" in line for line in lines)


def test_the_description_of_a_sum_says_whose_amounts_and_what_a_modified_tool_could_do() -> None:
    lines = describe(make_signed(policy_text("potential-revenue").decode()))
    assert (
        "both learn how many accounts match and the sum of the open opportunities of contoso with them, in "
        "EUR, each account's rounded to 1,000 and at most 10,000,000"
    ) in lines
    assert SUM_TRUST in lines and COUNTS_TRUST not in lines
    assert "northwind starts each run, contoso learns its result first" in lines
    assert (
        "northwind sees no field of any account of contoso, only how many match and a sum over them" in lines
    )
    assert "nothing is shown that could be exported" in lines


def test_the_text_of_a_sum_says_what_it_does_not_prevent() -> None:
    assert "# Level sum trusts both tools" in make_text(policy_text("potential-revenue").decode()).decode()


def test_the_contract_of_a_sum_has_its_amounts_and_the_holder_responds() -> None:
    contract = build_contract(make_signed(policy_text("potential-revenue").decode()), {})
    assert contract.amounts == Amounts("open_opportunities", "EUR", 1000, 10_000_000, 20)
    assert (contract.starter.party, contract.responder.party) == ("northwind", "contoso")
    assert Contract.from_bytes(contract.to_bytes()) == contract
    assert build_contract(make_signed(), {}).amounts is None
