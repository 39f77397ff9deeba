"""The data files: a header, sorted, nothing twice, every word as folding leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlap.identity import resources
from overlap.identity.denied import REASONS
from overlap.identity.rarity import table
from overlap.identity.text import fold
from overlap.identity.words import fillers, variants

#: Files of which the order says something, as data/README.md tells.
ORDERED = ("cities", "exchanges", "phone_plans", "place_words", "probe_accounts", "probes", "public_suffix")
FOLDED = ("branch_words", "filler_words", "generic_words", "placeholder_names", "word_variants")
FREQUENCIES = [line.split(";") for line in resources.read_lines("word_frequencies")]


def lines_of(name: str) -> list[str]:
    lines = resources.read_lines(name)
    return lines[1:] if name == "word_frequencies" else lines


@pytest.mark.parametrize("name", resources.DATA_FILES)
def test_a_file_begins_with_its_name_and_ends_with_a_line_end(name: str) -> None:
    data = resources.read_bytes(name)
    assert data.partition(b"\n")[0] in (f"{sign} overlap-data/1 {name}".encode() for sign in ("#", "//"))
    assert data.endswith(b"\n") and not data.endswith(b"\n\n")
    assert not [line for line in data.decode("utf-8").split("\n") if line != line.rstrip()]


@pytest.mark.parametrize("name", resources.DATA_FILES)
def test_no_line_stands_twice(name: str) -> None:
    lines = lines_of(name)
    assert len(lines) == len(set(lines)) > 20


@pytest.mark.parametrize("name", [name for name in resources.DATA_FILES if name not in ORDERED])
def test_a_list_is_sorted_by_what_stands_first(name: str) -> None:
    keys = [line.split()[0] if name == "word_variants" else line.split(";")[0] for line in lines_of(name)]
    assert keys == sorted(keys)


def test_files_that_are_not_sorted_are_named_in_the_readme() -> None:
    readme = (Path(resources.__file__).parent / "data" / "README.md").read_text(encoding="utf-8")
    told = readme.split("Every list is sorted, except")[1].split("\n\n")[0]
    assert all(f"`{name}.txt`" in told for name in ORDERED)


@pytest.mark.parametrize("name", FOLDED)
def test_folding_leaves_every_word_as_it_is(name: str) -> None:
    assert not [line for line in resources.read_lines(name) if fold(line) != line]


@pytest.mark.parametrize("name", [*REASONS, "platform"])
def test_hosts_are_in_lower_case_and_ascii(name: str) -> None:
    assert all(line.isascii() and line == line.lower() for line in resources.read_lines(name))


def test_no_word_is_in_two_families_and_the_first_of_each_stands_for_itself() -> None:
    families = [line.split() for line in resources.read_lines("word_variants")]
    words = [word for family in families for word in family]
    assert len(words) == len(set(words))
    assert all(len(family) > 1 and family[1:] == sorted(family[1:]) for family in families)
    assert all(variants()[variants()[word]] == variants()[word] for word in words)


def test_fillers_are_spelled_as_cores_are() -> None:
    assert not [word for word in fillers() if variants().get(word, word) != word]


@pytest.mark.parametrize("word", ["in", "la", "me", "na", "net", "dist", "pa", "pc", "pro", "texas"])
def test_words_of_two_meanings_and_states_are_in_no_family_of_another(word: str) -> None:
    assert variants().get(word, word) == word


def test_frequencies_are_counts_of_folded_words_below_the_number_of_names() -> None:
    (head, total), *rows = FREQUENCIES
    assert (head, total) == ("names", "463302")
    assert all(3 <= int(row[1]) < int(total) for row in rows)
    assert all(fold(row[0]) == row[0] and " " not in row[0] for row in rows)
    assert {tuple(row[2:]) for row in rows} == {(), ("d",)}
    assert len(table()) > 30_000


def test_the_notices_of_lists_that_ask_for_one_are_there() -> None:
    text = (Path(resources.__file__).parent / "data" / "LICENSES.txt").read_text(encoding="utf-8")
    for notice in (
        "Kevin Atkinson",
        "Princeton University",
        "Geoff Kuenning",
        "J Ross Beresford",
        "Kiko Beats",
    ):
        assert notice in text
