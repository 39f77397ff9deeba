"""What another tool says of partners on deals, beside our statuses, and the rule that we give for each.

Another tool's word is no evidence: nothing here changes a status.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from cleanroom.attribution.actions.menu import plain_type
from cleanroom.attribution.classification.statuses import EARNING, RULES, STATUSES

if TYPE_CHECKING:
    import pandas as pd

#: Code to what it means, in the order of a report.
COMPARISONS: Final = {
    "differ": "both credit the partner, and not alike",
    "only-theirs": "the file credits the partner, and our rules do not",
    "only-ours": "our rules credit the partner, the file has the deal, and does not",
    "not-in-file": "our rules credit the partner, and the file has no row of the deal",
    "unknown-deal": "the file names a deal that is not imported here",
    "unknown-word": "the file says a word that means no status; --word gives it a meaning",
    "unknown-share": "the share is no number from 0 to 1, or per cent",
    "no-partner": "the file credits somebody, and the row names no partner",
    "repeated": "the file has a stronger row of the same deal and partner",
    "agree": "both say the same",
}

#: Words of other tools, as `plain_type` writes them, beside our own.
_WORDS: Final = {
    **{plain_type(one): one for one in STATUSES},
    "partner-sourced": "Sourced",
    "partner-influenced": "Influenced",
    "review-attribution": "Disputed",
    "": "Unattributed",
}

#: Statuses by what they credit, the strongest first.
_STRENGTH: Final = ("Sourced", "Assisted Close", "Influenced", "Disputed", "Attached", "Unattributed")
_CREDITED: Final = ("Disputed", *EARNING)

#: Shares that differ by no more are the same, rounded.
_TOLERANCE: Final = Fraction(1, 100)
_NUMBER: Final = re.compile(r"[0-9]{1,9}([.][0-9]{1,9})?")
_NOBODY: Final = "no match, action or dispute of this partner is here"


@dataclass(frozen=True, slots=True)
class Beside:
    """One partner on one deal: what the file says, what our rules say, and why. `row` is that of the file, 0
    for none; shares are per cents of the deal, "" where there is none."""

    code: str
    opportunity: str
    partner: str
    theirs: str
    ours: str
    their_share: str
    our_share: str
    rule: str
    reason: str
    row: int


def meanings(given: Mapping[str, str]) -> dict[str, str]:
    """What words of another tool mean: our own, the known ones, and those given, which go first.

    Raises KeyError for a meaning that is none of our statuses.
    """
    own = {plain_type(one): one for one in STATUSES}
    return _WORDS | {plain_type(word): own[plain_type(meant)] for word, meant in given.items()}


def lay_beside(
    statuses: pd.DataFrame,
    theirs: Iterable[Mapping[str, str | int]],
    partner_of: Callable[[str], str],
    words: Mapping[str, str],
) -> list[Beside]:
    """Every deal and partner that either credits, and each row of the file once: by code, deal and partner.

    `theirs` are rows of ATTRIBUTION_COLUMNS; without a word in any of them their shares decide. `statuses`
    has STATUS_COLUMNS, `words` are `meanings`.
    """
    ours = _Ours(statuses)
    rows = [_Row(row, partner_of, words) for row in theirs]
    by_share = not any(row.said for row in rows)
    # A column of bare numbers is one of per cents as soon as one of them is more than a whole.
    bare = (row.number for row in rows if row.number is not None and not row.written.endswith("%"))
    whole = Fraction(100) if any(number > 1 for number in bare) else Fraction(1)
    for row in rows:
        row.settle(by_share, whole)
    found: list[Beside] = []
    best: dict[tuple[str, str], _Row] = {}
    unread: set[tuple[str, str]] = set()
    for row in sorted(rows, key=_Row.strength):
        code = row.fault(ours, by_share)
        if not code and row.partner and (row.deal, row.partner) in best:
            code = "repeated"
        if code in ("unknown-word", "unknown-share"):
            unread.add((row.deal, row.partner))
        if code:
            found.append(ours.beside(code, row.deal, row.partner, row))
        elif row.partner:
            best[row.deal, row.partner] = row
    found += [
        ours.beside(_code(row, ours, by_share), deal, partner, row) for (deal, partner), row in best.items()
    ]
    listed = {row.deal for row in rows}
    for deal, partner in ours.credited():
        # Of a row that could not be read nobody can say that it credits nothing.
        if (deal, partner) not in best and (deal, partner) not in unread:
            code = "only-ours" if deal in listed else "not-in-file"
            found.append(ours.beside(code, deal, partner, None))
    order = list(COMPARISONS)
    return sorted(found, key=lambda one: (order.index(one.code), one.opportunity, one.partner, one.row))


class _Row:
    """One row of the file, understood: `means` is one of STATUSES, "" for a word without a meaning."""

    def __init__(
        self, row: Mapping[str, str | int], partner_of: Callable[[str], str], words: Mapping[str, str]
    ) -> None:
        self.deal, self.place = str(row["opportunity_id"]), int(row["row"])
        self.partner = partner_of(str(row["partner"]))
        self.said, self.written = str(row["status"]).strip(), str(row["share"]).strip()
        self.means = words.get(plain_type(self.said), "")
        self.number, self.share = _number(self.written), Fraction(0)

    def settle(self, by_share: bool, whole: Fraction) -> None:
        """Read the share, of which `whole` is all; where shares decide, a share is credit."""
        if self.number is not None:
            self.share = self.number / (100 if self.written.endswith("%") else whole)
        if by_share:
            self.means = "Influenced" if self.share else "Unattributed"

    def strength(self) -> tuple[int, Fraction, int]:
        known = _STRENGTH.index(self.means) if self.means else len(_STRENGTH)
        return known, -self.share, self.place

    def fault(self, ours: _Ours, by_share: bool) -> str:
        """Why the row cannot be laid beside anything, "" where it can."""
        if not self.means:
            return "unknown-word"
        if (
            self.number is None and (self.written or (by_share and self.partner))
        ) or not 0 <= self.share <= 1:
            return "unknown-share"
        if self.deal not in ours.deals:
            return "unknown-deal"
        return "no-partner" if not self.partner and self.means in _CREDITED else ""


class _Ours:
    """Our statuses by deal and partner."""

    def __init__(self, statuses: pd.DataFrame) -> None:
        columns = [statuses[name].tolist() for name in ("opportunity", "partner", "status", "rule")]
        keys, values = zip(*columns[:2], strict=True), zip(*columns[2:], strict=True)
        self._known: dict[tuple[str, str], tuple[str, str]] = dict(zip(keys, values, strict=True))
        self.deals = {deal for deal, _ in self._known}
        self._earning = Counter(
            deal for (deal, partner), (status, _) in self._known.items() if partner and status in EARNING
        )

    def credited(self) -> Iterator[tuple[str, str]]:
        """Every deal and partner that our rules credit, disputes among them."""
        return (key for key, (status, _) in self._known.items() if key[1] and status in _CREDITED)

    def status(self, deal: str, partner: str) -> str:
        return self._known.get((deal, partner), ("Unattributed", ""))[0] if partner else "Unattributed"

    def share(self, deal: str, partner: str) -> Fraction:
        """Equal parts of a deal to the partners that earn on it, as models split a conversion."""
        earns = self.status(deal, partner) in EARNING
        return Fraction(1, self._earning[deal]) if earns else Fraction(0)

    def beside(self, code: str, deal: str, partner: str, row: _Row | None) -> Beside:
        # Of a deal without any partner its own line says why.
        _, rule = self._known.get((deal, partner)) or self._known.get((deal, "")) or ("", "")
        known = deal in self.deals and partner != ""
        return Beside(
            code,
            deal,
            partner,
            row.said if row else "",
            self.status(deal, partner) if known else "",
            _per_cent(row.share) if row and row.number is not None else "",
            _per_cent(self.share(deal, partner)) if known else "",
            rule,
            RULES[rule] if rule else _NOBODY if known else "",
            row.place if row else 0,
        )


def _code(row: _Row, ours: _Ours, by_share: bool) -> str:
    status = ours.status(row.deal, row.partner)
    if by_share and status in EARNING and row.share:
        return "agree" if abs(row.share - ours.share(row.deal, row.partner)) <= _TOLERANCE else "differ"
    credited = row.means in _CREDITED, status in _CREDITED
    if credited == (True, False):
        return "only-theirs"
    if credited == (False, True):
        return "only-ours"
    # A tool that knows no late motion says that such a partner influenced the deal.
    alike = row.means == status or (row.means, status) == ("Influenced", "Assisted Close")
    return "agree" if alike or credited == (False, False) else "differ"


def _number(text: str) -> Fraction | None:
    """A share as written, without its sign of per cent; None where it is none."""
    plain = text.removesuffix("%").strip().replace(",", ".")
    return Fraction(plain) if _NUMBER.fullmatch(plain) else None


def _per_cent(share: Fraction) -> str:
    return f"{float(100 * share):.1f}"
