"""Presets are pinned by digest, and a sharing file says what is proposed to whom; both are read strictly."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cleanroom.agreement import (
    POLICY_SAMPLE,
    Sharing,
    apply_overrides,
    expand_presets,
    find_problems,
    parse_policy,
    policy_names,
    policy_text,
    preset_digest,
    propose,
    read_presets,
    read_sharing,
    shipped_presets,
)
from cleanroom.session.agreement.policy_files import applied_policy, read_text
from overlap.errors import BadInput, Refused, UsageError
from tests.agreement_parties import CARDS, PROPOSED, SOFTWARE, make_signed, make_text

README = (Path(__file__).resolve().parents[2] / "policies" / "README.md").read_text(encoding="utf-8")
PRESETS = 'format = "overlap-presets/1"\n\n# Ours.\nbrief = ["name", "city"]\nby-name = [\n  "name",\n]\n'
NAMED = POLICY_SAMPLE.replace('fields = ["name"]', 'preset = "brief"  # short')


def places(data: bytes) -> list[str]:
    return [problem.place for problem in find_problems(data)]


def expanded(policy: str = NAMED) -> bytes:
    return expand_presets(policy.encode(), read_presets(PRESETS.encode()))


def test_a_preset_is_named_by_the_digest_of_its_canonical_json() -> None:
    data = b'{"fields":["name","city"],"name":"brief"}'
    assert preset_digest("brief", ("name", "city")) == hashlib.sha256(data).hexdigest()
    assert preset_digest("brief", ("city", "name")) != preset_digest("brief", ("name", "city"))
    assert preset_digest("other", ("name", "city")) != preset_digest("brief", ("name", "city"))


def test_a_file_of_presets_is_read() -> None:
    assert read_presets(PRESETS.encode()) == {"brief": ("name", "city"), "by-name": ("name",)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("presets/1", "presets/2"),
        ("brief =", "Brief ="),
        ("brief =", '"brief@0" ='),
        ('["name", "city"]', '["name", "salary"]'),
        ('["name", "city"]', '["*"]'),
        ('["name", "city"]', '"all"'),
        ('["name", "city"]', '["name", "name"]'),
        ('["name", "city"]', "[]"),
        ('["name", "city"]', '["name", "id"]'),
        ('["name", "city"]', "["),
        ("by-name", "brief"),
        ("# Ours.", "# Ou\trs."),
        ("# Ours.", "[more]"),
    ],
)
def test_a_file_of_presets_that_is_not_clear_is_refused(old: str, new: str) -> None:
    assert old in PRESETS
    with pytest.raises(BadInput):
        read_presets(PRESETS.replace(old, new).encode())


def test_the_shipped_presets_are_correct_and_no_policy() -> None:
    assert set(shipped_presets()) == {"company", "place-and-size", "account-owner"}
    assert "presets" not in policy_names()
    listed = {parse_policy(policy_text(name)).proposer.fields for name in policy_names()}
    assert {shipped_presets()["place-and-size"], shipped_presets()["account-owner"]} <= listed


def test_a_policy_may_name_a_preset_that_is_not_looked_up_yet() -> None:
    side = parse_policy(NAMED.encode()).proposer
    assert (side.preset, side.fields) == ("brief", ())
    beside = NAMED.replace("[terms]", 'fields = ["name"]\n[terms]')
    assert places(beside.encode()) == ["accepter.preset"]
    one = POLICY_SAMPLE.replace('fields = ["name"]', 'preset = "brief"', 1)
    assert places(one.encode()) == []  # Whether the sides differ is seen when it is looked up.
    assert places(expanded(one)) == ["terms.asymmetry"]


def test_a_proposal_pins_the_preset_and_writes_its_fields() -> None:
    text = expanded().decode()
    pinned = preset_digest("brief", ("name", "city"))
    assert text.count(f'# short\npreset = "brief@{pinned}"\nfields = ["name", "city"]\n') == 2
    side = parse_policy(text.encode()).accepter
    assert (side.preset, side.fields) == (f"brief@{pinned}", ("name", "city"))
    assert expand_presets(text.encode(), {"brief": ("name",)}) == text.encode()
    assert expanded(NAMED.replace('"brief"', "'brief'")) == text.encode()
    with pytest.raises(BadInput, match="names no digest"):
        propose(NAMED.encode(), *CARDS, SOFTWARE, PROPOSED)


def test_an_agreement_says_the_fields_that_its_preset_had_and_no_others() -> None:
    text = make_text(expanded().decode()).decode()
    assert places(text.encode()) == []
    wider = text.replace('fields = ["name", "city"]', 'fields = ["name", "city", "owner"]')
    assert places(wider.encode()) == ["proposer.preset", "accepter.preset"]
    pinned = preset_digest("brief", ("name", "city"))
    assert places(text.replace("brief@", "other@").encode()) == ["proposer.preset", "accepter.preset"]
    assert places(text.replace(f"@{pinned}", "").encode()) == [
        place for role in ("proposer", "accepter") for place in (f"{role}.preset", f"{role}.preset")
    ]
    assert places(text.replace('fields = ["name", "city"]\n', "").encode()) == [
        "proposer.fields",
        "accepter.fields",
    ]
    counts = POLICY_SAMPLE.replace('"overlaps"', '"counts"').replace('fields = ["name"]', 'preset = "x"')
    assert places(counts.encode()) == ["proposer.preset", "accepter.preset"]


def test_the_readme_of_the_policies_shows_a_sharing_file_that_is_correct() -> None:
    shown = README.split("```toml\n")[1].split("```")[0]
    sharing = read_sharing(shown.encode())
    assert sharing.default == "none" and set(sharing.partners) == {"harborline", "brightpath"}
    applying = sharing.applying("harborline")
    policy = apply_overrides(policy_text(applying.policy), applying.overrides)
    assert parse_policy(policy).terms.max_export_age == 7 * 86_400


def test_an_edited_preset_changes_no_agreement(tmp_path: Path) -> None:
    policy, presets = tmp_path / "mine.toml", tmp_path / "presets.toml"
    policy.write_text(NAMED)
    presets.write_text(PRESETS)
    signed = make_signed(read_text(str(policy), "", presets).decode())
    presets.write_text(PRESETS.replace('"city"]', '"city", "owner_email"]'))
    wider = make_signed(read_text(str(policy), "", presets).decode())
    assert signed.agreement.proposer.fields == ("name", "city")
    assert wider.agreement.proposer.fields == ("name", "city", "owner_email")
    assert wider.agreement.proposer.preset != signed.agreement.proposer.preset
    assert places(signed.agreement.text) == []


SHARING = """\
format = "overlap-sharing/1"

default = "none"

[partner.harborline]
policy = "co-sell"

[partner.harborline.terms]
until = "30 days"
run_budget = 2
max_export_age = "1 week"
asymmetry = "they have no owners"

[partner.harborline.accepter]
fields = ["name", "website", "country", "city", "postcode"]

[partner.fabrikam]
policy = "none"

[partner.acme.terms]
until = 2027-03-01T00:00:00Z
"""


def test_the_policy_of_a_partner_is_the_named_one_with_its_keys_replaced(tmp_path: Path) -> None:
    place = tmp_path / "sharing.toml"
    place.write_text(SHARING)
    applied = applied_policy(str(place), "harborline")
    assert (applied.policy, applied.replaced) == (
        "co-sell",
        ["terms.until", "terms.run_budget", "terms.max_export_age", "terms.asymmetry", "accepter.fields"],
    )
    before = policy_text("co-sell").decode()
    gone = [line for line in before.splitlines() if line not in applied.text.splitlines()]
    assert gone == ['until = "90 days"', "run_budget = 4", 'max_export_age = "30 days"']
    policy, old = parse_policy(applied.text.encode()), parse_policy(before.encode())
    assert policy.terms.duration == 30 * 86_400 and policy.terms.run_budget == 2
    assert policy.terms.max_export_age == 7 * 86_400
    assert policy.proposer == old.proposer
    assert policy.accepter.fields == ("name", "website", "country", "city", "postcode")
    assert policy.accepter.populations == old.accepter.populations
    assert applied.text.endswith('relations = ["same_entity"]\nasymmetry = "they have no owners"\n')


@pytest.mark.parametrize("partner", ["fabrikam", "acme", "somebody"])
def test_nothing_is_proposed_where_the_policy_is_none(partner: str, tmp_path: Path) -> None:
    place = tmp_path / "sharing.toml"
    place.write_text(SHARING)
    with pytest.raises(Refused, match="nothing is proposed"):
        read_text(str(place), partner)


def test_an_unknown_partner_gets_the_default_and_a_known_one_what_is_different(tmp_path: Path) -> None:
    place = tmp_path / "sharing.toml"
    (tmp_path / "mine.toml").write_text(POLICY_SAMPLE.replace('"acceptance"', "2026-12-01T00:00:00Z"))
    place.write_text(SHARING.replace('default = "none"', 'default = "mine.toml"'))
    assert read_text(str(place), "somebody") == (tmp_path / "mine.toml").read_bytes()
    assert parse_policy(read_text(str(place), "acme")).terms.until == 1_803_859_200
    with pytest.raises(UsageError):
        read_text(str(place))


@pytest.mark.parametrize(
    "value",
    ['"9 days"', "2028-03-01T00:00:00Z", '"5 months"', '"1 day\'"', "5", "true", '["1 day"]'],
)
def test_the_result_is_read_as_strictly_as_every_policy(value: str, tmp_path: Path) -> None:
    place = tmp_path / "sharing.toml"
    place.write_text(SHARING.replace('"30 days"', value))
    text = read_text(str(place), "harborline")
    good = value in ('"9 days"', "2028-03-01T00:00:00Z")
    assert bool(places(text)) is not good
    if not good:
        with pytest.raises(BadInput):
            applied_policy(str(place), "harborline")


def test_a_key_that_no_policy_has_is_refused_by_its_result(tmp_path: Path) -> None:
    place = tmp_path / "sharing.toml"
    place.write_text(SHARING.replace("run_budget", "run_budgets"))
    with pytest.raises(BadInput, match=r"terms\.run_budgets: is not a known key"):
        applied_policy(str(place), "harborline")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sharing/1", "sharing/2"),
        ('default = "none"\n', ""),
        ('default = "none"', "default = 1"),
        ('default = "none"', 'default = "none"\nmore = 1'),
        ("[partner.fabrikam]", "[partner.Fabrikam]"),
        ("[partner.fabrikam]\npolicy", "partner.fabrikam"),
        ('policy = "co-sell"', 'policy = ["co-sell"]'),
        ('policy = "co-sell"', 'policy = "co-sell"\nlevel = "all"'),
        ("[partner.harborline.terms]", "[partner.harborline.contract]"),
        ("run_budget = 2", '"run budget" = 2'),
        ("run_budget = 2", "run_budget = 2.5"),
        ("run_budget = 2", "run_budget = {a = 1}"),
        ("run_budget = 2", "run_budget = 2027-03-01T00:00:00+01:00"),
        ("run_budget = 2", 'run_budget = [1, "2"]'),
        ("run_budget = 2", "run_budget ="),
        ("run_budget = 2", 'run_budget = "\\u0041"'),
    ],
)
def test_a_sharing_file_that_is_not_clear_is_refused(old: str, new: str) -> None:
    assert old in SHARING
    with pytest.raises(BadInput):
        read_sharing(SHARING.replace(old, new).encode())


def test_the_hint_at_a_missing_policy_names_the_command() -> None:
    sharing = read_sharing(SHARING.encode())
    assert isinstance(sharing, Sharing) and sharing.applying("harborline").policy == "co-sell"
    with pytest.raises(BadInput, match="no policy and no file"):
        read_text("no-such-policy")


def test_a_value_over_several_lines_is_replaced_whole_and_its_comments_elsewhere_stay() -> None:
    policy = POLICY_SAMPLE.replace(
        'fields = ["name"]',
        '# Above.\nfields = [\n  "name",  # with a ] in it\n  # and [ here\n  "city",\n]  # end\n# Below.',
    )
    text = apply_overrides(policy.encode(), (("proposer", "fields", ["name"]),)).decode()
    first, second = text.split("[accepter]")
    assert '[proposer]\npopulations = ["customers"]\n# Above.\nfields = ["name"]\n# Below.\nsize' in first
    assert "with a ] in it" in second
    instead = apply_overrides(policy.encode(), (("proposer", "preset", "brief"),)).decode()
    assert "fields" not in instead.split("[accepter]")[0]
    assert places(instead.encode()) == []
    long = [f"{'p' * 30}{at}" for at in range(16)]
    wide = apply_overrides(policy.encode(), (("proposer", "populations", long),))
    assert places(wide) == ["terms.asymmetry"]


def test_a_table_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(BadInput, match=r"\[prepared\]"):
        apply_overrides(POLICY_SAMPLE.encode(), (("prepared", "changes", 5),))
