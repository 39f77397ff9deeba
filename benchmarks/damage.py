"""How a company's name and address go wrong between two CRMs, one function for each way.

A `Damage` changes one row and says whether it did; nothing here knows the other side. All randomness is the
generator that is given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

Row = dict[str, str]

FIELDS: Final = ("name", "website", "email", "country", "city", "postcode", "phone")

#: Legal forms that are taken for each other, written as people write them.
LEGAL_FORMS: Final = (
    ("Inc.", "Inc", "Incorporated", "Corp.", "Corporation", "LLC", "Co.", "Company"),
    ("Ltd", "Ltd.", "Limited", "PLC", "plc", "LLP"),
    ("GmbH", "AG", "GmbH & Co. KG", "SE", "KG"),
    ("S.A.", "SA", "SAS", "S.A.S.", "SARL"),
    ("B.V.", "BV", "N.V.", "NV"),
    ("S.p.A.", "SpA", "S.r.l.", "Srl"),
    ("Co., Ltd.", "K.K.", "Kabushiki Kaisha"),
    ("AB", "AB (publ)", "A/S", "ASA", "Oyj"),
    ("Pty Ltd", "Pty. Ltd."),
)
_FORM: Final = {form.casefold(): forms for forms in LEGAL_FORMS for form in forms}
_FORM_AT_END: Final = re.compile(
    r"[ ,]+(" + "|".join(re.escape(form) for form in sorted(_FORM, key=len, reverse=True)) + r")$", re.I
)

SHORT_WORDS: Final = {
    "and": "&",
    "associates": "Assoc.",
    "bank": "Bk",
    "brothers": "Bros.",
    "center": "Ctr",
    "company": "Co",
    "corporation": "Corp",
    "department": "Dept",
    "development": "Dev.",
    "engineering": "Eng.",
    "financial": "Fin'l",
    "group": "Grp",
    "holding": "Hldg",
    "holdings": "Hldgs",
    "industries": "Ind.",
    "insurance": "Ins.",
    "international": "Int'l",
    "laboratories": "Labs",
    "management": "Mgmt",
    "manufacturing": "Mfg",
    "national": "Nat'l",
    "pharmaceuticals": "Pharma",
    "products": "Prods.",
    "services": "Svcs",
    "solutions": "Sol.",
    "systems": "Sys.",
    "technologies": "Tech",
    "technology": "Tech",
    "university": "Univ.",
}
LONG_WORDS: Final = {"&": "and", "intl": "International", "labs": "Laboratories", "tech": "Technologies"}

#: The keys of an English keyboard; each row lies a little to the right of the one above.
_KEYS: Final = {
    key: (column + shift, row)
    for row, (keys, shift) in enumerate(
        (("1234567890", 0.0), ("qwertyuiop", 0.5), ("asdfghjkl", 0.75), ("zxcvbnm", 1.25))
    )
    for column, key in enumerate(keys)
}
#: Widths of a key: the finger hits one that is not farther away.
_SLIP: Final = 1.2
NEIGHBOURS: Final[Mapping[str, str]] = {
    key: "".join(
        other
        for other, (x, y) in _KEYS.items()
        if other != key and (x - place[0]) ** 2 + (y - place[1]) ** 2 <= _SLIP**2 and other.isalpha()
    )
    for key, place in _KEYS.items()
    if key.isalpha()
}

_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_COUNTRY_ENDINGS: Final = ("de", "fr", "co.uk", "nl", "it", "es", "jp", "com.au", "ca", "ch", "com", "eu")
_OTHER_ENDINGS: Final = ("net", "io", "org", "co", "group", "biz")
FREE_MAIL: Final = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "gmx.de", "qq.com")


@dataclass(frozen=True)
class Damage:
    """One way to go wrong: `rate` is the share of rows it is tried on; `apply` gives None where it cannot."""

    name: str
    rate: float
    apply: Callable[[Row, Random], Row | None]


def change_legal_form(row: Row, rng: Random) -> Row | None:
    """Another form of the same country, or one where there was none."""
    found = _FORM_AT_END.search(row["name"])
    forms = _FORM[found.group(1).casefold()] if found else rng.choice(LEGAL_FORMS[:4])
    bare = row["name"][: found.start()] if found else row["name"]
    return row | {"name": f"{bare}{rng.choice((' ', ' ', ', '))}{rng.choice(forms)}"}


def drop_legal_form(row: Row, rng: Random) -> Row | None:
    """The name without its legal form."""
    found = _FORM_AT_END.search(row["name"])
    return row | {"name": row["name"][: found.start()]} if found and found.start() else None


def abbreviate(row: Row, rng: Random) -> Row | None:
    """One word written short, or one written out."""
    words = row["name"].split()
    table = SHORT_WORDS | LONG_WORDS
    places = [at for at, word in enumerate(words) if word.casefold().strip(".,") in table]
    if not places:
        return None
    at = rng.choice(places)
    words[at] = table[words[at].casefold().strip(".,")]
    return row | {"name": " ".join(words)}


def reorder_words(row: Row, rng: Random) -> Row | None:
    """Two neighbouring words swapped, or "The X" as "X, The"."""
    words = row["name"].split()
    if words[0].casefold() == "the" and len(words) > 1:
        return row | {"name": " ".join(words[1:]) + ", The"}
    if len(words) < 2:
        return None
    at = rng.randrange(len(words) - 1)
    words[at], words[at + 1] = words[at + 1].strip(","), words[at].strip(",")
    return row | {"name": " ".join(words)}


def drop_last_word(row: Row, rng: Random) -> Row | None:
    """The short name of daily use: the last word is gone."""
    words = row["name"].split()
    return row | {"name": " ".join(words[:-1]).rstrip(",&- ")} if len(words) > 2 else None


def mistype(row: Row, rng: Random) -> Row | None:
    """One letter replaced by a neighbour on the keyboard, dropped, doubled, or swapped with the next."""
    name = row["name"]
    places = [at for at, letter in enumerate(name) if at and letter.lower() in NEIGHBOURS]
    if len(places) < 3:
        return None
    at = rng.choice(places)
    letter = name[at]
    near = rng.choice(NEIGHBOURS[letter.lower()])
    typed = rng.choice(
        (
            near.upper() if letter.isupper() else near,
            "",
            letter * 2,
            name[at + 1 : at + 2] + letter,
        )
    )
    swapped = len(typed) == 2 and typed != letter * 2
    return row | {"name": name[:at] + typed + name[at + 1 + swapped :]}


def change_case(row: Row, rng: Random) -> Row | None:
    """All capitals or all small letters."""
    return row | {"name": rng.choice((str.upper, str.lower))(row["name"])}


def drop_accents(row: Row, rng: Random) -> Row | None:
    """Letters without their marks, or as a German typist without umlauts writes them."""
    name = row["name"]
    if name.isascii():
        return None
    if rng.random() < 0.5:
        name = name.translate(_GERMAN)
    bare = unicodedata.normalize("NFKD", name)
    return row | {"name": "".join(letter for letter in bare if not unicodedata.combining(letter))}


def add_bracket(row: Row, rng: Random) -> Row | None:
    """The initials, the country or the city in brackets behind the name."""
    initials = "".join(word[0] for word in row["name"].split() if word[0].isalpha()).upper()
    extra = rng.choice([text for text in (initials, row["country"], row["city"]) if text] or [""])
    return row | {"name": f"{row['name']} ({extra})"} if extra else None


def use_initials(row: Row, rng: Random) -> Row | None:
    """The initials instead of a name of three words or more."""
    words = [word for word in _FORM_AT_END.sub("", row["name"]).split() if word[0].isalpha()]
    return row | {"name": "".join(word[0] for word in words).upper()} if len(words) > 2 else None


def use_country_domain(row: Row, rng: Random) -> Row | None:
    """The website of another country: the same name under another ending."""
    return _with_ending(row, rng.choice(_COUNTRY_ENDINGS))


def use_second_domain(row: Row, rng: Random) -> Row | None:
    """Another domain of the same company: another ending, or the name with a word behind it."""
    if rng.random() < 0.5:
        return _with_ending(row, rng.choice(_OTHER_ENDINGS))
    host = host_of(row["website"])
    label, dot, ending = host.partition(".")
    return row | {"website": f"{label}{rng.choice(('group', 'online', '-corp'))}.{ending}"} if dot else None


def write_website_otherwise(row: Row, rng: Random) -> Row | None:
    """The same domain with another scheme, path or subdomain."""
    host = host_of(row["website"])
    if not host:
        return None
    forms = ("https://www.{}/", "http://{}", "www.{}", "{}/en/home?utm_source=crm", "HTTPS://{}/")
    return row | {"website": rng.choice(forms).format(host)}


def use_free_mail(row: Row, rng: Random) -> Row | None:
    """No website, but an address at a provider of free mail; sometimes the provider as the website."""
    if not row["website"]:
        return None
    provider = rng.choice(FREE_MAIL)
    label = host_of(row["website"]).partition(".")[0] or "office"
    website = provider if rng.random() < 0.3 else ""
    return row | {"website": website, "email": f"{label}@{provider}"}


def write_phone_otherwise(row: Row, rng: Random) -> Row | None:
    """The same digits with other signs between them."""
    digits = re.sub(r"\D", "", row["phone"])
    if len(digits) < 7:
        return None
    plus = "+" if row["phone"].lstrip().startswith("+") else ""
    cut = len(digits) - 7
    sign = rng.choice((" ", "-", ".", ""))
    return row | {"phone": f"{plus}{digits[:cut]}{sign}{digits[cut : cut + 3]}{sign}{digits[cut + 3 :]}"}


def lose(field: str) -> Callable[[Row, Random], Row | None]:
    """The field is empty."""

    def apply(row: Row, rng: Random) -> Row | None:
        return row | {field: ""} if row[field] else None

    return apply


def core_of(name: str) -> str:
    """The name without its legal forms."""
    while (bare := _FORM_AT_END.sub("", name).rstrip(" ,")) != name and bare:
        name = bare
    return name


def host_of(website: str) -> str:
    """The host of a website without "www."."""
    host = re.sub(r"^[a-z]*:?//", "", website.strip().lower()).split("/")[0].split(":")[0]
    return host.removeprefix("www.")


def _with_ending(row: Row, ending: str) -> Row | None:
    label, dot, old = host_of(row["website"]).partition(".")
    return row | {"website": f"www.{label}.{ending}"} if dot and old != ending else None


#: What happens to a row, in this order. The rates are set by judgement after reading real lists side by side.
DAMAGES: Final = (
    Damage("website missing", 0.10, lose("website")),
    Damage("free mail", 0.02, use_free_mail),
    Damage("country domain", 0.04, use_country_domain),
    Damage("second domain", 0.03, use_second_domain),
    Damage("website form", 0.60, write_website_otherwise),
    Damage("legal form dropped", 0.30, drop_legal_form),
    Damage("initials", 0.01, use_initials),
    Damage("last word dropped", 0.04, drop_last_word),
    Damage("abbreviation", 0.15, abbreviate),
    Damage("word order", 0.02, reorder_words),
    Damage("typo", 0.04, mistype),
    Damage("accents", 0.40, drop_accents),
    Damage("legal form changed", 0.12, change_legal_form),
    Damage("brackets", 0.03, add_bracket),
    Damage("case", 0.12, change_case),
    Damage("country missing", 0.15, lose("country")),
    Damage("city missing", 0.20, lose("city")),
    Damage("postcode missing", 0.30, lose("postcode")),
    Damage("phone form", 0.50, write_phone_otherwise),
    Damage("phone missing", 0.30, lose("phone")),
)


def damage(row: Row, rng: Random, spared: Collection[str] = ()) -> tuple[Row, list[str]]:
    """The row as somebody else typed it, and what happened to it; `spared` are damages that do not.

    `row` has every field of FIELDS.
    """
    happened: list[str] = []
    for each in DAMAGES:
        if rng.random() >= each.rate or each.name in spared:
            continue
        changed = each.apply(row, rng)
        if changed is not None and changed != row and changed["name"].strip():
            row, happened = changed, [*happened, each.name]
    return row, happened
