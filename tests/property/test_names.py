"""The search for further names in a cell is left out only where it would find none."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.identity import naming
from overlap.identity.name import name_words

_BEGINNINGS = (
    *(
        "dba",
        "d.b.a.",
        "d/b/a",
        "d b a",
        "d. b. a.",
        "db.a",
        "D.ba",
        "t/a",
        "trading as",
        "doing business as",
    ),
    *(
        "also known as",
        "aka",
        "a.k.a.",
        "ak.a",
        "a.ka",
        "a/k/a",
        "o/a",
        "operating as",
        "fka",
        "f.ka",
        "F.K.A.",
    ),
    *("f/k/a", "formerly", "formerly known as", "n/k/a", "now known as", "firmierend als", "/", " - ", "|"),
)
_PIECES = st.one_of(
    st.sampled_from(_BEGINNINGS),
    st.sampled_from(
        (" ", "  ", "\t", ",", ";", "(", ")", ":", ".", "'", "&", "[", "]", "\x1f", "Acme", "Q", "y")
    ),
    st.text(st.characters(max_codepoint=127), max_size=4),
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=8).map("".join))
def test_a_cell_without_the_signs_of_a_second_name_has_none(text: str) -> None:
    if naming._SIGNS.search(text) or not naming._STARTS.isdisjoint(name_words(text)):
        return
    assert not list(naming._parts(text))
