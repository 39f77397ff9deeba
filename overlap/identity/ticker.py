"""Tickers with their exchange, from the many ways to write them to `MARKET:SYMBOL`.

    NASDAQ:AAPL, AAPL US, AAPL (NASDAQ), AAPL.O     US:AAPL
    NYSE: BRK.B, BRK-B (account in the US), BRK/B US Equity     US:BRK.B
    XETRA:SAP, ETR:SAP, SAP.DE, SAP GR              XETR:SAP
    7203.T, TYO:7203, 7203 JP                       XTKS:7203

The market is the ISO 10383 code of the exchange. Where symbols are unique across the exchanges of a country,
it is the country: a company that moves from one exchange to the other keeps its symbol. A share class stays
part of the symbol. Reuters codes of Europe have roots of their own (`SAPG.DE`), which no rule can tell from
symbols: they give another value than `SAP.DE`, and meet only themselves.

A symbol without an exchange is taken only when the account's country has one market and the symbol has the
form of that market: plain letters in the US, digits in East Asia and Saudi Arabia. Elsewhere it is refused,
since what stands there is often the parent's ticker of another market: AAPL at a German subsidiary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from overlap.identity import resources
from overlap.identity.outcome import Outcome

NO_EXCHANGE: Final = Outcome(reason="no exchange to say whose ticker")
UNKNOWN_EXCHANGE: Final = Outcome(reason="an unknown exchange")
AMBIGUOUS: Final = Outcome(reason="either half could be the exchange")
NO_SYMBOL: Final = Outcome(reason="not a symbol of this exchange")
NO_TICKER: Final = Outcome(reason="not a ticker")
SEVERAL: Final = Outcome(reason="more than one ticker")
PLACEHOLDER: Final = Outcome(reason="a placeholder, not a number")

#: Zeros put back in front of a symbol without an exchange, at most.
MOST_ZEROS: Final = 2
MAX_SYMBOL: Final = 15
#: From this length on a name is an exchange and no symbol, although a symbol follows that is also a code.
SURE_NAME: Final = 4
MOST_WORDS: Final = 4

_LABEL: Final = re.compile(r"^(?:STOCK )?(?:TICKER|SYMBOL)(?: SYMBOL)?\b[\s:#-]*")
_BRACKETED: Final = re.compile(r"[(\[{]([^()\[\]{}]*:[^()\[\]{}]*)[)\]}]")
_BRACKETS: Final = re.compile(r"[()\[\]{}]")
_BETWEEN: Final = re.compile(r"[,;|\n\r]+")
_SECTOR: Final = re.compile(r"\s+EQUITY$")
_CLASS: Final = re.compile(r"[\s\-/_.]+")
_SYMBOL: Final = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9&]+(?:\.[A-Z0-9&]+){0,2}")
_OTHER: Final = re.compile(r"[^A-Z0-9]+")
_PLACEHOLDERS: Final = frozenset({
    "NA", "NONE", "NULL", "NIL", "NO", "TBD", "TBA", "PRIVATE", "PRIVATECOMPANY", "PRIVATELYHELD",
    "UNLISTED", "NOTLISTED", "UNKNOWN", "TEST", "XXX", "XXXX", "AAAA",
})  # fmt: skip


class Market(NamedTuple):
    """One line of the data file."""

    code: str
    country: str
    form: str
    width: int
    names: tuple[str, ...]
    suffixes: tuple[str, ...]
    codes: tuple[str, ...]

    def symbol(self, text: str) -> str:
        """The canonical symbol, or "" when it is none of this market."""
        symbol = _CLASS.sub(".", text.strip("$^*. -/_")).replace("*", "").strip(".")
        root, _, last = symbol.rpartition(".")
        while root and last in self.suffixes:
            symbol = root
            root, _, last = symbol.rpartition(".")
        if self.width and symbol.isdecimal():
            symbol = symbol.zfill(self.width)
        if self.width and self.form and not re.fullmatch(self.form, symbol):
            return ""
        return symbol if len(symbol) <= MAX_SYMBOL and _SYMBOL.fullmatch(symbol) else ""


Markets = dict[str, tuple[Market, ...]]


@cache
def markets() -> tuple[Market, ...]:
    """Every market of the data file."""
    return tuple(_read(line) for line in resources.read_lines("exchanges"))


def _read(line: str) -> Market:
    code, country, form, width, *lists = line.split(";")
    names, suffixes, codes = (tuple(part.split(",")) if part else () for part in lists)
    return Market(code, country, form, int(width), names, suffixes, codes)


@cache
def _named() -> Markets:
    return _index(((market.code, *market.names), market) for market in markets())


@cache
def _suffixed() -> Markets:
    return _index((market.suffixes, market) for market in markets())


@cache
def _coded() -> Markets:
    return _index((market.codes, market) for market in markets())


def _index(keys: Iterator[tuple[tuple[str, ...], Market]]) -> Markets:
    index: Markets = {}
    for names, market in keys:
        for name in dict.fromkeys(names):
            # Those with a form first: where an abbreviation stands for two exchanges, the form decides.
            index[name] = tuple(sorted((*index.get(name, ()), market), key=lambda each: not each.form))
    return index


@cache
def _national() -> dict[str, Market]:
    return {market.country: market for market in markets() if market.country}


def read_ticker(text: str, country: str) -> Outcome:
    """`MARKET:SYMBOL` of a cell in upper case and NFKC; `country` is an alpha-2 code or ""."""
    text = _LABEL.sub("", text)
    if _OTHER.sub("", text) in _PLACEHOLDERS:
        return PLACEHOLDER
    bracketed = _BRACKETED.search(text)
    text = bracketed[1] if bracketed else _BRACKETS.sub(" ", text)
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip(" .-")]
    if not parts:
        return NO_TICKER
    outcomes = list(dict.fromkeys(_listing(_SECTOR.sub("", part), country) for part in parts))
    return outcomes[0] if len(outcomes) == 1 else SEVERAL


def _listing(text: str, country: str) -> Outcome:
    if text.count(":") > 1:
        return NO_TICKER
    if ":" in text:
        left, _, right = text.partition(":")
        return _two_halves(_words(left), _words(right))
    words = _words(text).split(" ")
    # A name of several words is tried before one of its words is taken for the symbol.
    for count in range(min(len(words) - 1, MOST_WORDS), 0, -1):
        outcome = _two_halves(" ".join(words[:count]), " ".join(words[count:]), strict=True)
        if outcome == UNKNOWN_EXCHANGE:
            outcome = _two_halves(" ".join(words[:-count]), " ".join(words[-count:]), strict=True)
        if outcome != UNKNOWN_EXCHANGE:
            return outcome
    root, _, suffix = text.rpartition(".")
    found = _suffixed().get(suffix) or (_named().get(suffix) if len(suffix) > 1 else None)
    if root and found:
        return _first(found, root)
    return _bare(text, country)


def _words(text: str) -> str:
    return " ".join(word for word in text.split() if word.strip("-/.:"))


def _two_halves(left: str, right: str, strict: bool = False) -> Outcome:
    """The outcome where one half is an exchange; `strict`: the other has to be one word or word and class."""
    before = _named().get(left, ())
    after = _coded().get(right, ()) or _named().get(right, ())
    if left and any(market.code == left for market in before):
        return _first(before, right)
    if before and after and len(left) < SURE_NAME <= len(right):
        return _first(after, left)
    if before and after and len(left) < SURE_NAME:
        return AMBIGUOUS
    if before:
        return _first(before, right) if not strict or right.count(" ") <= 1 else UNKNOWN_EXCHANGE
    if after:
        return _first(after, left) if not strict or left.count(" ") <= 1 else UNKNOWN_EXCHANGE
    return UNKNOWN_EXCHANGE


def _first(found: tuple[Market, ...], text: str) -> Outcome:
    for market in found:
        symbol = market.symbol(text)
        if symbol and symbol not in ("N.A", "NONE"):
            return Outcome(f"{market.code}:{symbol}")
    return NO_SYMBOL


def _bare(text: str, country: str) -> Outcome:
    market = _national().get(country)
    if not market:
        return NO_EXCHANGE
    symbol = market.symbol(text)
    restored = len(symbol) - len(text) if text.isdecimal() else 0
    if not symbol or restored > MOST_ZEROS or not re.fullmatch(market.form, symbol):
        return NO_EXCHANGE
    return Outcome(f"{market.code}:{symbol}")
