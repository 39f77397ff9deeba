"""How people write a company into a CRM: names, websites and addresses with their usual faults.

Each function also says which clean key the text still carries, so that the truth knows why a pair is hard.
"""

from __future__ import annotations

from random import Random
from typing import Final

from cleanroom.demo.companies import Company, fold
from cleanroom.demo.words import Words

#: Shares of account rows whose name can no longer be brought to the company's own by rules.
NAME_TYPO: Final = 0.025
NAME_ACRONYM: Final = 0.012
NAME_BRAND_ONLY: Final = 0.02
NAME_WITH_PLACE: Final = 0.025

#: Shares of account rows by what stands in the website cell; the rest show a domain of the company.
SITE_MISSING: Final = 0.020
SITE_PROFILE: Final = 0.008
SITE_SHARED_HOST: Final = 0.006
SITE_FREE_MAIL: Final = 0.004
SITE_OF_ANOTHER: Final = 0.006

_SAYS_THE: Final = ("AU", "CA", "GB", "IE", "US")
_SITE_FORMS: Final = (
    "https://www.{d}/",
    "https://www.{d}",
    "www.{d}",
    "{d}",
    "http://{d}",
    "http://www.{d}/index.html",
    "https://{d}/en/about?utm_source=newsletter&utm_medium=email",
    "HTTPS://WWW.{D}/",
    "https://shop.{d}:8443/start",
    "{d}.",
    " {d} ",
    "{D}",
    "https://careers.{d}/jobs#open",
    "//{d}/?gclid=Cj0KCQiA",
)
_SITE_WEIGHTS: Final = (22, 16, 14, 18, 8, 4, 3, 2, 2, 1, 2, 3, 1, 1)


def write_name(company: Company, rng: Random) -> tuple[str, str]:
    """A name as a CRM user typed it, and its clean key (legal form, case and accents taken off)."""
    core, key, legal = company.core, fold(company.core), True
    draw = rng.random()
    if company.former and rng.random() < 0.5:
        core = company.former
    elif draw < NAME_TYPO:
        core = _with_typo(core, rng)
    elif draw < NAME_TYPO + NAME_ACRONYM and len(core.split()) > 1:
        core = "".join(word[0] for word in core.split() if word[0].isalpha())
    elif draw < NAME_TYPO + NAME_ACRONYM + NAME_BRAND_ONLY:
        core, legal = company.brand, False
    elif draw < NAME_TYPO + NAME_ACRONYM + NAME_BRAND_ONLY + NAME_WITH_PLACE:
        core, legal = f"{core} {rng.choice(('-', '/', ','))} {company.city}", False
    key = fold(core)
    text = f"{core} {rng.choice(company.legal)}" if legal and rng.random() < 0.72 else core
    return _dress(text, company.country.code, rng), key


def _dress(text: str, country: str, rng: Random) -> str:
    """The text with the harmless faults that a normaliser must see through."""
    draw = rng.random()
    if draw < 0.08:
        return text.upper() if draw < 0.05 else text.lower()
    if draw < 0.11:
        return text.replace(" ", "  ", 1) + " "
    if draw < 0.13 and country in _SAYS_THE:
        return "The " + text
    if draw < 0.16:
        return text.replace(" Inc", ", Inc").replace(" & ", " and ")
    if draw < 0.22:
        return "".join(mark if mark.isascii() else fold(mark) or mark for mark in text)
    return text


def _with_typo(text: str, rng: Random) -> str:
    place = rng.randrange(1, len(text) - 1)
    draw = rng.random()
    if draw < 0.4:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if draw < 0.7:
        return text[:place] + text[place + 1 :]
    return text[:place] + text[place] + text[place:]


def write_website(company: Company, other: Company, words: Words, rng: Random) -> tuple[str, str]:
    """A website cell and the registrable domain in it; in error it is sometimes that of `other`.

    The domain is empty when the cell is, or when it names a host that many companies use.
    """
    draw = rng.random() - SITE_MISSING
    if draw < 0:
        return "", ""
    for share, hosts in (
        (SITE_PROFILE, words.profiles),
        (SITE_SHARED_HOST, words.shared_hosts),
        (SITE_FREE_MAIL, words.free_mail),
    ):
        draw -= share
        if draw < 0:
            return rng.choice(hosts).format(slug=fold(company.brand).replace(" ", "-")), ""
    domain = other.domain if draw < SITE_OF_ANOTHER else company.domain
    if company.other_domain and rng.random() < 0.4:
        domain = company.other_domain
    if company.path and domain == company.domain:
        return f"https://www.{domain}{company.path}", domain
    if not domain.isascii() and rng.random() < 0.5:
        return f"https://www.{punycode(domain)}/", domain
    form = rng.choices(_SITE_FORMS, weights=_SITE_WEIGHTS)[0]
    return form.format(d=domain, D=domain.upper()), domain


def write_email(company: Company, words: Words, rng: Random) -> tuple[str, str]:
    """An e-mail address of the company and its domain, which is empty for a free-mail address."""
    if rng.random() < 0.15:
        return f"{fold(company.brand).replace(' ', '.')}@{rng.choice(words.free_mail)}", ""
    mailbox = rng.choice(("info", "office", "contact", "sales", "hello"))
    return f"{mailbox}@{punycode(company.domain)}", company.domain


def punycode(domain: str) -> str:
    """The ASCII form of a domain, as it travels in e-mail addresses."""
    return domain if domain.isascii() else domain.encode("idna").decode()
