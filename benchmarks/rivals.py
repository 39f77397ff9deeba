"""What plain tools make of two lists of accounts: joins, close names by rapidfuzz, record linkage by splink.

Each takes two tables of `overlap.records.ACCOUNT_COLUMNS` and gives scored pairs: left id, right id, and a
number that is larger for a surer pair. All of them see both lists in plain text. Domains and names are
normalised by `overlap.identity`, so that the comparison is about matching and not about cleaning; free-mail
domains and shared hosts are dropped there too, which makes the plain join better than it usually is.
"""

from __future__ import annotations

import logging
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from overlap.identity import normalise_domain, normalise_name

Scored = list[tuple[str, str, float]]

#: A name closer than this to none of the other list has no match, whatever threshold is tuned.
LEAST_RATIO = 60
#: A column that fewer rows of a side fill has nothing to learn from.
LEAST_FILLED = 0.02
#: Left names compared at a time, so that the matrix of ratios stays small.
RATIO_ROWS = 500


@dataclass(frozen=True)
class Rival:
    """A way to match, the least score that it takes without any tuning, and what must be installed for it."""

    name: str
    match: Callable[[pd.DataFrame, pd.DataFrame], Scored]
    least: float
    needs: str = ""

    @property
    def is_installed(self) -> bool:
        return not self.needs or find_spec(self.needs) is not None


def domains_of(accounts: pd.DataFrame) -> list[list[str]]:
    """The registrable domains of each account's websites."""
    texts = accounts["website"] + ";" + accounts["domains"]
    return [[found for part in text.split(";") if (found := normalise_domain(part).value)] for text in texts]


def names_of(accounts: pd.DataFrame) -> list[str]:
    """The cleaned name of each account, "" where nothing is left of it."""
    return [normalise_name(name).value or "" for name in accounts["name"]]


def join(left: Iterable[Iterable[str]], right: Iterable[Iterable[str]]) -> set[tuple[int, int]]:
    """Positions of accounts that have a key in common."""
    holders = defaultdict(list)
    for at, keys in enumerate(right):
        for key in keys:
            holders[key].append(at)
    return {(at, other) for at, keys in enumerate(left) for key in keys for other in holders.get(key, ())}


def join_domains(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """All pairs with a registrable domain in common."""
    return _scored(left, right, join(domains_of(left), domains_of(right)))


def join_names(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """All pairs whose cleaned names are equal."""
    return _scored(left, right, join(_filled(names_of(left)), _filled(names_of(right))))


def join_either(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """All pairs with a domain or the cleaned name in common."""
    pairs = dict.fromkeys((one, other) for one, other, _ in join_domains(left, right))
    pairs |= dict.fromkeys((one, other) for one, other, _ in join_names(left, right))
    return [(one, other, 1.0) for one, other in pairs]


def match_close_names(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """For each left account the right one with the highest token_set_ratio of cleaned names, 0 to 100."""
    from rapidfuzz import fuzz, process

    ours, theirs = names_of(left), names_of(right)
    ids = left["id"].tolist(), right["id"].tolist()
    found = []
    for begin in range(0, len(ours), RATIO_ROWS):
        part = ours[begin : begin + RATIO_ROWS]
        ratios = process.cdist(part, theirs, scorer=fuzz.token_set_ratio, dtype=np.float32, workers=-1)
        best = ratios.argmax(axis=1)
        for row, column in enumerate(best):
            ratio = float(ratios[row, column])
            if part[row] and ratio >= LEAST_RATIO:
                found.append((ids[0][begin + row], ids[1][column], ratio))
    return found


def link_by_splink(left: pd.DataFrame, right: pd.DataFrame) -> Scored:
    """splink on its DuckDB backend as its documentation begins: no labels, every column that both sides fill.

    Scores are match probabilities.
    """
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    warnings.filterwarnings("ignore", module="splink")
    tables = [_splink_table(left, "l"), _splink_table(right, "r")]
    filled = [
        column
        for column in ("name", "domain", "city", "country", "postcode", "phone")
        if all(table[column].notna().mean() > LEAST_FILLED for table in tables)
        and pd.concat([table[column] for table in tables]).nunique() > 1
    ]
    compare: Mapping[str, Any] = {
        "name": cl.JaroWinklerAtThresholds("name", [0.95, 0.88]).configure(term_frequency_adjustments=True),
        "domain": cl.ExactMatch("domain").configure(term_frequency_adjustments=True),
        "city": cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        "country": cl.ExactMatch("country"),
        "postcode": cl.ExactMatch("postcode"),
        "phone": cl.ExactMatch("phone"),
    }
    strong = [block_on(column) for column in filled if column in ("name", "domain", "phone")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[compare[column] for column in filled],
        blocking_rules_to_generate_predictions=[*strong, block_on("start")],
    )
    api = DuckDBAPI()
    linker = Linker(
        [api.register(table, dataset_display_name=side) for table, side in zip(tables, "lr", strict=True)],
        settings,
        log_level=logging.ERROR,
    )
    linker.training.estimate_probability_two_random_records_match(strong, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    # What a rule blocks on cannot be learnt from it; two rules between them teach every column.
    for rule in (*strong, block_on("start")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    pairs = zip(found["unique_id_l"], found["unique_id_r"], found["match_probability"], strict=True)
    return [(one[1:], other[1:], float(chance)) for one, other, chance in map(_left_first, pairs)]


def _left_first(row: tuple[str, str, float]) -> tuple[str, str, float]:
    one, other, chance = row
    return (one, other, chance) if one.startswith("l") else (other, one, chance)


def _splink_table(accounts: pd.DataFrame, side: str) -> pd.DataFrame:
    """The columns that splink compares, None where empty; ids begin with the letter of their side."""
    names = names_of(accounts)
    table = pd.DataFrame(
        {
            "unique_id": side + accounts["id"],
            "name": names,
            "domain": [next(iter(found), "") for found in domains_of(accounts)],
            "start": [name.replace(" ", "")[:5] for name in names],
            "phone": ["".join(filter(str.isdigit, phone))[-9:] for phone in accounts["phone"]],
            **{column: accounts[column].str.casefold() for column in ("city", "country", "postcode")},
        },
        dtype="object",
    )
    return table.where(table != "", None)


def _filled(names: Iterable[str]) -> list[list[str]]:
    return [[name] if name else [] for name in names]


def _scored(left: pd.DataFrame, right: pd.DataFrame, pairs: Iterable[tuple[int, int]]) -> Scored:
    ids = left["id"].tolist(), right["id"].tolist()
    return [(ids[0][one], ids[1][other], 1.0) for one, other in sorted(pairs)]


RIVALS = (
    Rival("registrable domain", join_domains, 1.0),
    Rival("cleaned name", join_names, 1.0),
    Rival("domain or cleaned name", join_either, 1.0),
    Rival("rapidfuzz token_set", match_close_names, 90.0, "rapidfuzz"),
    Rival("splink", link_by_splink, 0.9, "splink"),
)
