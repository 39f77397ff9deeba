"""Registrable domains out of whatever stands in a website or e-mail column.

The registrable domain is the public suffix and one label. The private section of the Public Suffix List
counts: `shop.myshopify.com` is a name of its own, as `acme.co.uk` is, and the platform `myshopify.com` is
refused as a shared host. Free mail, social profiles, shorteners and the like are refused with a reason.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import idna

from overlap.identity import denied, suffixes
from overlap.identity.outcome import EMPTY, MAX_CELL, TOO_LONG, Outcome

#: RFC 1035 section 2.3.4: a name has at most 255 octets on the wire, 253 in text; a label at most 63.
MAX_HOST: Final = 253

NO_DOMAIN: Final = Outcome(reason="not a domain")
SEVERAL: Final = Outcome(reason="more than one address")
IP_ADDRESS: Final = Outcome(reason="an IP address")
NOT_MAIL: Final = Outcome(reason="not an e-mail address")

_SCHEME: Final = re.compile(r"(?:(?:[a-z][a-z0-9+-]*:?)?[/\\]{2,}|(?:https?|ftp|mailto|url):+[/\\]*)+")
_NAME: Final = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: What nearly all cells hold: one plain URL or host name. Others take the long way to the same answer, also
#: names with a hyphen at an end of a label, or a label of more than 62 characters.
_USUAL: Final = re.compile(r"(?:https?://)?([a-z0-9][a-z0-9.-]{1,60}[a-z])(/[a-z0-9/._~%?=&#+-]*)?")
_STRONG: Final = re.compile(r"[\s;|<>\"']+")
_PATH: Final = re.compile(r"[^/]/[^/]")
_HOST_END: Final = re.compile(r"[/?#\\]")
_PLAIN_HOST: Final = re.compile(_NAME)
_IP: Final = re.compile(
    r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){1,3}|\[.*|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*"
)
_PORT: Final = re.compile(r":[0-9]*$")
#: The ideographic full stop, which UTS 46 reads as a dot, and invisible characters that get pasted along.
_CLEAN: Final = {0x3002: ".", 0xFF61: ".", 0x200B: None, 0x200E: None, 0x200F: None, 0xFEFF: None}


def normalise_domain(text: str) -> Outcome:
    """The registrable domain (A-labels, lower case) of one address: URL, host name or e-mail address.

    Of an e-mail address it is the domain behind the "@". A text with addresses of several domains is refused;
    `normalise_cell` gives them all.
    """
    values, reasons = normalise_cell(text)
    if len(values) + len(reasons) > 1:
        return SEVERAL
    return Outcome(values[0]) if values else Outcome(reason=reasons[0]) if reasons else EMPTY


def normalise_mail_domain(text: str) -> Outcome:
    """The registrable domain of one e-mail address; anything without an "@" is refused."""
    outcome = normalise_domain(text)
    return outcome if outcome == EMPTY or "@" in unicodedata.normalize("NFKC", text) else NOT_MAIL


def normalise_cell(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(values, reasons) of all addresses in a cell, each once, in order; both empty for an empty cell."""
    if len(text) > MAX_CELL:
        return (), (TOO_LONG.reason,)
    usual = _USUAL.fullmatch(text.lower())
    if usual:
        host, rest = usual.groups("")
        top = host[host.rfind(".") + 1]
        if "." in host and ".." not in host and ".-" not in host and "-." not in host and top.isalpha():
            value, reason = _registrable(host, rest)
            return ((value,), ()) if value else ((), (reason,))
    return _answers([_address(part) for part in split_addresses(text)])


def normalise_mail_cell(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """As normalise_cell, for a cell of e-mail addresses."""
    if len(text) > MAX_CELL:
        return (), (TOO_LONG.reason,)
    return _answers([_address(part) if "@" in part else NOT_MAIL for part in split_addresses(text)])


def _answers(outcomes: list[Outcome]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(outcomes) == 1:
        value, reason = outcomes[0]
        return ((value,), ()) if value else ((), (reason,))
    values = dict.fromkeys(value for value, _ in outcomes if value)
    return tuple(values), tuple(dict.fromkeys(reason for _, reason in outcomes if reason))


def split_addresses(cell: str) -> list[str]:
    """The addresses of a cell, in lower case: they may be separated by ";", ",", "|", blanks or quotes.

    A word without a dot beside a real address is a remark, not an address, and a comma inside a path belongs
    to the path. A cell of more than MAX_CELL characters holds no address.
    """
    if len(cell) > MAX_CELL:
        return []
    text = cell.lower() if cell.isascii() else unicodedata.normalize("NFKC", cell.translate(_CLEAN)).lower()
    text = text.strip()
    if "," not in text and not _STRONG.search(text):
        address = text.strip("(){}")
        return [address] if address else []
    parts = [part for chunk in _STRONG.split(text) for part in _split_commas(chunk)]
    if len(parts) < 2:
        return parts
    kept = [part for part in parts if "." in part]
    return list(dict.fromkeys(kept)) or parts[:1]


def _split_commas(chunk: str) -> list[str]:
    parts: list[str] = []
    for piece in chunk.split(","):
        address = piece.strip("(){}")
        inside_path = parts and _PATH.search(parts[-1]) and not address.startswith(("http", "www."))
        if address and not inside_path:
            parts.append(address)
    return parts


def _address(text: str) -> Outcome:
    """The outcome for one address in lower case without separators."""
    if (":" in text or "/" in text or "\\" in text) and (scheme := _SCHEME.match(text)):
        text = text[scheme.end() :]
    end = _HOST_END.search(text)
    host, rest = (text[: end.start()], text[end.start() :]) if end else (text, "")
    if "@" in host:
        host = host.rpartition("@")[2]
    if ":" in host:
        if _IP.fullmatch(host):
            return IP_ADDRESS
        host = _PORT.sub("", host)
    host = host.strip(".")
    if len(host) <= MAX_HOST and _PLAIN_HOST.fullmatch(host):
        return _registrable(host, rest)
    return _uncommon(host, rest)


def _uncommon(host: str, rest: str) -> Outcome:
    """IP addresses, international names, and everything that is no name."""
    if _IP.fullmatch(host):
        return IP_ADDRESS
    if "." not in host or len(host) > MAX_HOST:
        return NO_DOMAIN
    try:
        host = idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, IndexError):  # idna.IDNAError is a UnicodeError, which is a ValueError.
        return NO_DOMAIN
    return _registrable(host, rest) if _PLAIN_HOST.fullmatch(host) else NO_DOMAIN


def _registrable(host: str, rest: str) -> Outcome:
    """The outcome for an ASCII host name and what followed it in the address."""
    bare_host = host.removeprefix("www.")
    label, suffix, reason = suffixes.split_host(bare_host)
    if label == "www":
        _, _, reason = suffixes.split_host(suffix)
    if reason:
        return Outcome(reason=reason)
    registrable = f"{label}.{suffix}"
    bare = bare_host == registrable and rest in ("", "/")
    reason = denied.denial(bare_host, registrable, bare)
    return Outcome(reason=reason) if reason else Outcome(registrable)
