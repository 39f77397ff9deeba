"""Which identifiers an account gives, and why it does not give the others.

The reasons follow the makers of compose.py and use their limits; a test holds both to each other for any
account.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from overlap.identity import compose as making
from overlap.identity.cells import Cell, read_account, read_cells
from overlap.identity.compose import Work, compose
from overlap.identity.facts import NUMBERS
from overlap.identity.kinds import KINDS, WEBSITE_KINDS, website_of
from overlap.identity.label import label_of
from overlap.identity.name import generic_words
from overlap.identity.rarity import in_dictionary, name_bits, rarest
from overlap.identity.words import HOLDING, Words, brand_of, distinctive, variants

#: More identifiers than any account has.
_ALL: Final = 1 << 30

#: What a person calls a column.
_SAID: Final = {
    "domains": "further domain",
    "email": "e-mail address",
    "linkedin": "LinkedIn page",
    "phone": "telephone number",
    "lei": "LEI",
    "isin": "ISIN",
    "duns": "DUNS number",
    "vat": "VAT number",
    "registration_number": "number in a register",
}
_NOT_EXPLAINED: Final = "the name does not explain the website, so the other name must have the same words"
_BY_MAIL: Final = "from the e-mail address"


class Given(NamedTuple):
    """An identifier of an account; `within` says that the limit of identifiers has room for it.

    `remark` says what a person should know about it, or is "".
    """

    kind: str
    value: str
    within: bool
    remark: str = ""


class Missing(NamedTuple):
    """A kind of which an account gives no identifier, and why."""

    kind: str
    reason: str


class Asked(NamedTuple):
    """An account about which is asked: its cells by column, and its facts with what is worked out of them."""

    cells: Mapping[str, Cell]
    work: Work


def explain_kinds(
    account: Mapping[str, str], kinds: Collection[str], role: str, most: int
) -> tuple[tuple[Given, ...], tuple[Missing, ...]]:
    """The identifiers of an account in order of precedence, and the kinds in KINDS without one.

    `account` has the columns of records.ACCOUNT_COLUMNS; the others are as for `identify`. A kind that is not
    in `kinds` has that as its reason.
    """
    asked = ask(account, role)
    facts = asked.work.facts
    kept = set(compose(facts, frozenset(kinds), role, most))
    every = compose(facts, frozenset(KINDS), role, _ALL)
    given = [
        Given(kind, value, (kind, value) in kept, _remark(asked, kind, value))
        for kind, value in sorted(every, key=lambda one: KINDS.index(one[0]))
        if kind in kinds
    ]
    could = {kind for kind, _ in every}
    missing = [
        Missing(kind, _unsigned(kind in could) if kind not in kinds else why_not(kind, asked))
        for kind in KINDS
        if kind not in could or kind not in kinds
    ]
    return tuple(given), tuple(missing)


def ask(account: Mapping[str, str], role: str) -> Asked:
    """What `why_not` needs to know of an account."""
    cells = {cell.column: cell for cell in read_cells(account)}
    return Asked(cells, Work(read_account(account), role))


def why_not(kind: str, asked: Asked) -> str:
    """Why the account gives no identifier of that kind; "" when it gives one."""
    column = next((column for column, number in NUMBERS.items() if number == kind), "")
    if column:
        return _absent(asked, column) if not any(of == kind for of, _ in asked.work.facts.numbers) else ""
    needed, then = _NEEDS[kind]
    lacking = [reason for reason in (_lacks(asked, need) for need in needed) if reason]
    return ", ".join(lacking) if lacking else then(asked.work)


def telling_words(account: Mapping[str, str]) -> tuple[str, ...]:
    """The rarest word of each name of an account, in all spellings: own accounts of one name share one."""
    words = {word for name in read_account(account).names for word in (rarest(name.core),)}
    return tuple(sorted(words | {word for word, spelled in variants().items() if spelled in words}))


def _unsigned(could: bool) -> str:
    return "not agreed on, though the account has it" if could else "not agreed on"


def _remark(asked: Asked, kind: str, value: str) -> str:
    domain = website_of(value)
    facts = asked.work.facts
    if kind in (*WEBSITE_KINDS, "mail_domain") and domain not in facts.domains:
        return _BY_MAIL
    if kind == "domain_name" and any(of == domain and not told.explained for of, told in asked.work.told):
        return _NOT_EXPLAINED
    return ""


def _lacks(asked: Asked, need: str) -> str:
    """Why the fact that is needed is not there, or ""."""
    facts = asked.work.facts
    if need == "name":
        return "" if facts.names else _absent(asked, "name")
    if need == "site":
        return "" if facts.domains else _absent(asked, "website", "domains")
    if need == "domain":
        return "" if facts.domains or facts.mail else _absent(asked, "website", "domains", "email")
    return "" if getattr(facts, need) else _absent(asked, need)


def _absent(asked: Asked, *columns: str) -> str:
    said = [
        f"{_SAID.get(column, column)}: {reason}"
        for column in columns
        for reason in asked.cells[column].reasons
    ]
    # Nobody misses a further domain.
    wanted = [column for column in columns if column != "domains"]
    return "; ".join(said) or "no " + " and no ".join(_SAID.get(column, column) for column in wanted)


def _enough(_work: Work) -> str:
    return ""


def _common(core: Words, bits: float, by: str) -> str:
    """That a name says too little; rounded down, so that it never reads as if it were enough."""
    found = math.floor(10 * name_bits(core)) / 10
    return f"the name is too common to match {by}: {found:.1f} bits of {bits:g}" if found < bits else ""


def _cores_common(bits: float, by: str, *, holding: bool = False) -> Callable[[Work], str]:
    """For kinds made of every core that is rare enough, a word for a holding left out or not."""

    def why(work: Work) -> str:
        cores = [core.words for core in work.cores]
        if holding:
            cores = [tuple(word for word in core if word != HOLDING) or core for core in cores]
        return _common(max(cores, key=name_bits), bits, by)

    return why


def _rare(bits: float, by: str, *, alone: bool = False) -> Callable[[Work], str]:
    """For kinds made of the whole name; `alone` counts its distinctive words only."""

    def why(work: Work) -> str:
        name = work.facts.names[0]
        if work.facts.domains and in_dictionary(name.whole):
            return "the name is a word of the dictionary, and a website is there to say whose"
        return _common(distinctive(name.core) if alone else name.core, bits, by)

    return why


def _no_word(work: Work) -> str:
    if any(making.telling(told.rest) for _, told in work.told):
        return ""
    if any(told.rest for _, told in work.told):
        return "beyond the website the name has general words and places only"
    return "the website tells the whole name" if work.facts.names else "no name"


def _no_label(work: Work) -> str:
    reasons = [_label_fault(domain) for domain in work.facts.domains]
    return "" if "" in reasons else reasons[0]


def _label_fault(domain: str) -> str:
    label, ending = label_of(domain), domain.rpartition(".")[2]
    if len(ending) != 2 and ending not in making.FAMILY:
        return "companies seldom have this ending of a website beside another"
    if len(label) < making.LONG_LABEL:
        return f"the website's label has fewer than {making.LONG_LABEL} letters"
    return "the website's label is a general word" if label in generic_words() else ""


def _no_brand(work: Work) -> str:
    brands = [brand for brand in (brand_of(core.words) for core in work.cores) if brand]
    if not brands:
        return "the name has general words only"
    return _common(max(brands, key=name_bits), making.RARE_BRAND, "by brand and city")


def _no_acronym(work: Work) -> str:
    for name in work.facts.names:
        words = [word for word in name.words if word != "and"]
        initials = len(words) == 1 and len(words[0]) in making.ACRONYM and words[0].isalpha()
        if initials or len(words) in making.ACRONYM:
            return ""
    return "the name is neither three to five words nor as many initials"


def _no_typo(work: Work) -> str:
    common = _common(work.cores[0].words, making.RARE_TYPED, "with a letter missing")
    short = len(work.cores[0].text) < making.LONG_NAME
    return common or (f"the name has fewer than {making.LONG_NAME} letters" if short else "")


#: What each kind of more than a number needs, and why that may not be enough.
_NEEDS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Work], str]]]] = {
    "linkedin": (("linkedin",), _enough),
    "domain_name": (("domain", "name"), _enough),
    "name_phone": (("name", "phone"), _enough),
    "name_postcode": (("name", "postcode"), _enough),
    "name_city": (("name", "city"), _cores_common(making.RARE_IN_CITY, "by city")),
    "domain_word": (("domain", "name"), _no_word),
    "name_country": (("name", "country"), _rare(making.RARE_IN_COUNTRY, "by country")),
    "name": (("name",), _rare(making.RARE_ALONE, "alone", alone=True)),
    "word_phone": (("name", "phone"), _enough),
    "close_city": (("name", "city"), _enough),
    "domain": (("domain",), _enough),
    "close_country": (
        ("name", "country"),
        _cores_common(making.RARE_IN_COUNTRY, "by country", holding=True),
    ),
    "label": (("site", "country"), _no_label),
    "bare_name": (("name",), _enough),
    "mail_domain": (("domain",), _enough),
    "typed_city": (("name", "city"), _no_typo),
    "brand_city": (("name", "city"), _no_brand),
    "acronym_city": (("name", "city"), _no_acronym),
}
