"""Single cells made plain: CRM ids, numbers that a spreadsheet has touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.ingest.pile import Column

_SALESFORCE = r"^00[16][0-9A-Za-z]{12}$"
_SALESFORCE_LONG = r"^00[16][0-9A-Za-z]{15}$"
_SUFFIX_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SCIENTIFIC = r"^[0-9]([.,][0-9]+)?E\+?[0-9]+$"
_EXCEL_TEXT = r'^="(.*)"$'


def salesforce_suffixes(short_ids: Sequence[str]) -> list[str]:
    """The three characters that make each 15-character Salesforce id safe where letter case is lost.

    Each stands for five characters of the id: bit i is set when the i-th of them is an upper-case letter,
    and the five bits count into A to Z, 0 to 5.
    """
    codes = np.frombuffer("".join(short_ids).encode("ascii"), np.uint8).reshape(-1, 3, 5)
    upper = (codes >= ord("A")) & (codes <= ord("Z"))
    letters = np.frombuffer(_SUFFIX_ALPHABET, np.uint8)[upper @ np.array([1, 2, 4, 8, 16])]
    joined = letters.tobytes().decode("ascii")
    return [joined[start : start + 3] for start in range(0, len(joined), 3)]


def plain_ids(column: Column, profile: str) -> Column:
    """Ids with ``="..."`` unwrapped and 15-character Salesforce ids (accounts, opportunities) made 18.

    Outside the Salesforce profile an id of digits only is left as it is: it may be anybody's number.
    """
    column = unwrap(column)
    short = pc.match_substring_regex(column, _SALESFORCE)
    if profile != "salesforce":
        short = pc.and_(short, pc.match_substring_regex(column, r"[A-Za-z]"))

    def lengthen(texts: Sequence[str]) -> list[str]:
        return [text + suffix for text, suffix in zip(texts, salesforce_suffixes(texts), strict=True)]

    return _change(column, short, lengthen)


def broken_salesforce_ids(column: Column, profile: str) -> np.ndarray:
    """Which 18-character Salesforce ids have a suffix that does not fit: letter case was changed."""
    broken = np.zeros(len(column), bool)
    if profile == "salesforce":
        long = _where(pc.match_substring_regex(column, _SALESFORCE_LONG))
        texts = column.take(pa.array(long)).to_pylist()
        suffixes = salesforce_suffixes([text[:15] for text in texts])
        broken[long] = [text[15:] != suffix for text, suffix in zip(texts, suffixes, strict=True)]
    return broken


def scientific(column: Column) -> np.ndarray:
    """Which cells are numbers in scientific notation, so that a spreadsheet has dropped digits."""
    return np.asarray(pc.match_substring_regex(column, _SCIENTIFIC, ignore_case=True).to_numpy(), bool)


def plain_duns(column: Column) -> Column:
    """DUNS numbers with the leading zeros (up to two) that a spreadsheet drops from a nine-digit number."""
    column = pc.replace_substring_regex(unwrap(column), r"^([0-9]+)\.0+$", r"\1")
    short = pc.match_substring_regex(column, r"^[0-9]{7,8}$")
    return _change(column, short, lambda texts: [text.zfill(9) for text in texts])


def unwrap(column: Column) -> Column:
    """Cells written ``="0012"``, so that a spreadsheet keeps them as text, without that wrapping."""
    if not pc.any(pc.starts_with(column, '="')).as_py():
        return column
    return pc.replace_substring_regex(column, _EXCEL_TEXT, r"\1")


def by_distinct(
    column: Column, convert: Callable[[Sequence[str]], Sequence[str | None]]
) -> tuple[Column, int]:
    """The column with `convert` applied to its distinct texts, and how many cells it gave None for.

    None becomes "". The empty text is not given to `convert`.
    """
    encoded = column.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    converted = iter(convert([text for text in texts if text]))
    results = ["" if text == "" else next(converted) for text in texts]
    lost = [index for index, result in enumerate(results) if result is None]
    indices = encoded.indices
    count = int(np.isin(np.asarray(indices.to_numpy(zero_copy_only=False)), lost).sum()) if lost else 0
    values = pa.array([result or "" for result in results], pa.large_string())
    return pa.chunked_array([values.take(indices)], pa.large_string()), count


def _change(column: Column, chosen: Any, convert: Callable[[Sequence[str]], list[str]]) -> Column:
    positions = _where(chosen)
    if not len(positions):
        return column
    changed = convert(column.take(pa.array(positions)).to_pylist())
    # replace_with_mask wants one array, the mask in the same shape.
    whole = column.combine_chunks()
    flags = np.zeros(len(whole), bool)
    flags[positions] = True
    return pa.chunked_array(
        [pc.replace_with_mask(whole, pa.array(flags), pa.array(changed, pa.large_string()))]
    )


def _where(chosen: Any) -> np.ndarray:
    return np.flatnonzero(np.asarray(chosen.to_numpy(), dtype=bool))
