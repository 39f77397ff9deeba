"""The words of the invented world, read once from the package's data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Sounds:
    """Syllables from which a brand of one family of languages is put together."""

    starts: tuple[str, ...]
    middles: tuple[str, ...]
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """One country: how it is written, its legal forms (groups of equal ones), domains and number patterns."""

    code: str
    written: tuple[str, ...]
    legal: tuple[tuple[str, ...], ...]
    suffixes: tuple[str, ...]
    cities: tuple[str, ...]
    postcode: str
    calling: str
    sounds: Sounds
    sectors: tuple[str, ...]
    vat: str


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the generator draws from; `weights` are cumulative and belong to `countries`."""

    countries: tuple[Country, ...]
    weights: tuple[int, ...]
    sectors_everywhere: tuple[str, ...]
    dictionary_brands: tuple[str, ...]
    industries: tuple[str, ...]
    owners: tuple[str, ...]
    free_mail: tuple[str, ...]
    profiles: tuple[str, ...]
    shared_hosts: tuple[str, ...]


@cache
def words() -> Words:
    """The words that come with the package."""
    data = tomllib.loads(files("cleanroom.demo").joinpath("data/world.toml").read_text("utf-8"))
    sounds = {name: Sounds(**_tuples(value)) for name, value in data.pop("sounds").items()}
    countries, weights, total = [], [], 0
    for entry in data.pop("country"):
        total += entry.pop("weight")
        weights.append(total)
        family = sounds[entry.pop("sounds")]
        legal = tuple(tuple(group) for group in entry.pop("legal"))
        countries.append(Country(**{"vat": "", **_tuples(entry)}, legal=legal, sounds=family))
    return Words(countries=tuple(countries), weights=tuple(weights), **_tuples(data))


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
