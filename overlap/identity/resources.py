"""The data files of this package: how they are read, and the digest that the contract carries.

Every file begins with a line that ends in `overlap-data/1 NAME`; lines that begin with `#` or `//` are
comments. data/README.md says where each file comes from.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from overlap import canonical

#: Every data file that a normaliser reads, in the order in which the digest takes them.
DATA_FILES: Final = (
    "area_codes",
    "branch_words",
    "cities",
    "countries",
    "disposable_mail",
    "exchanges",
    "filler_words",
    "free_mail",
    "generic_words",
    "legal_forms",
    "letters",
    "link_in_bio",
    "phone_plans",
    "place_words",
    "placeholder_names",
    "platform",
    "postcodes",
    "probe_accounts",
    "probes",
    "public_suffix",
    "shared_host",
    "social_profile",
    "url_shortener",
    "word_frequencies",
    "word_variants",
)


def read_bytes(name: str) -> bytes:
    """The bytes of a data file, line ends as LF whatever a checkout or an archive made of them."""
    data = (resources.files("overlap.identity") / "data" / f"{name}.txt").read_bytes()
    return data.replace(b"\r\n", b"\n")


def read_lines(name: str) -> list[str]:
    """The lines of a data file that are neither empty nor a comment; ValueError for another format."""
    first, *lines = read_bytes(name).decode("utf-8").split("\n")
    if first not in (f"# overlap-data/1 {name}", f"// overlap-data/1 {name}"):
        raise ValueError(f"the data file {name} is not of this version")
    return [line for line in lines if line and not line.startswith(("#", "//"))]


@cache
def data_digest() -> str:
    """SHA-256 (hex) over the names and bytes of all data files, equal on every platform."""
    parts = [part for name in DATA_FILES for part in (name.encode(), read_bytes(name))]
    return canonical.digest(*parts).hex()
