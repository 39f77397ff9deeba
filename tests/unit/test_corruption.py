"""The generator of damaged lists that the benchmark of match quality uses: total, seeded, and true."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    """A benchmark's module, kept under its own name while its dataclasses are made."""
    spec = spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


damage = load("damage")
corruption = load("corruption")

#: Names as people type them, and any text that has a letter somewhere.
NAMES = st.one_of(
    st.sampled_from(["The Müller & Söhne Co., Ltd.", "X", "Bank of Zephyrine", "Vexmoor Technologies Inc."]),
    st.text(min_size=1, max_size=30).filter(str.strip),
)
SITES = st.sampled_from(["", "acme.com", "https://www.acme.co.uk/x", "localhost", "//", "a.b"])
ROWS = st.builds(
    lambda name, website, phone: dict.fromkeys(damage.FIELDS, "") | {
        "name": name, "website": website, "phone": phone, "country": "Chile", "city": "Arica"
    },
    NAMES, SITES, st.sampled_from(["", "+56 58 223 1111", "abc", "123"]),
)  # fmt: skip


@settings(deadline=None)
@given(ROWS, st.integers(0, 1_000))
def test_every_damage_works_on_any_row_and_leaves_a_name(row, seed) -> None:
    for each in damage.DAMAGES:
        changed = each.apply(row, Random(seed))
        assert changed is None or set(changed) == set(damage.FIELDS)
    damaged, happened = damage.damage(row, Random(seed))
    assert damaged["name"].strip()
    assert bool(happened) == (damaged != row) or len(happened) > 1
    assert set(happened) <= {each.name for each in damage.DAMAGES}


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("drop_legal_form", {"name": "Vexmoor Mills GmbH"}, {"name": "Vexmoor Mills"}),
        ("drop_legal_form", {"name": "GmbH"}, None),
        ("abbreviate", {"name": "Vexmoor International"}, {"name": "Vexmoor Int'l"}),
        ("reorder_words", {"name": "The Vexmoor"}, {"name": "Vexmoor, The"}),
        ("use_initials", {"name": "Blue Harbour Shipping Ltd"}, {"name": "BHS"}),
        ("mistype", {"name": "42"}, None),
    ],
)
def test_damage_by_hand(name: str, row: dict[str, str], expected: dict[str, str] | None) -> None:
    full = dict.fromkeys(damage.FIELDS, "") | row
    changed = getattr(damage, name)(full, Random(1))
    assert changed == (full | expected if expected else None)


def test_neighbours_are_mutual_and_close() -> None:
    assert set(damage.NEIGHBOURS["g"]) == set("fthvb")
    assert set(damage.NEIGHBOURS["q"]) == set("wa")
    for key, near in damage.NEIGHBOURS.items():
        assert all(key in damage.NEIGHBOURS[other] for other in near)


def base(count: int) -> list[dict[str, str]]:
    return corruption.read_base(None, count, 3)


@pytest.mark.parametrize("companies", [40, 900])
def test_lists_have_the_size_asked_for_and_a_true_gold(companies: int) -> None:
    lists = corruption.corrupt(base(companies), 300, 0.5, Random(1))
    ids = [{row["id"] for row in rows} for rows in (lists.left, lists.right)]
    assert all(
        300 <= len(rows) == len(own) < 330 for rows, own in zip((lists.left, lists.right), ids, strict=True)
    )
    assert 150 <= len(lists.gold) < 170
    assert all(one in ids[0] and other in ids[1] for one, other, _ in lists.gold)
    assert len({pair[:2] for pair in lists.gold}) == len(lists.gold)


def test_the_seed_decides_everything() -> None:
    first, again, other = (corruption.corrupt(base(300), 100, 0.5, Random(seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_companies_of_a_larger_base_are_different() -> None:
    rows = corruption.enlarge(base(60), 400, Random(1))
    assert len({corruption.key_of(row["name"]) for row in rows}) == 400
    hosts = [corruption.host_of(row["website"]) for row in rows]
    assert len({host for host in hosts if host}) == len([host for host in hosts if host])
