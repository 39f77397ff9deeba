"""The registrable part of a host name by the pinned Public Suffix List.

The algorithm is the one of the list's own documentation: the longest matching rule wins, `*.` stands for one
label, `!` takes a name out of a `*.` rule. Unlike there, a top-level domain without a rule is refused, since
what ends in it is a file name or an internal host.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from overlap.identity import resources

NO_TOP_LEVEL: Final = "not under a known top-level domain"
PUBLIC_SUFFIX: Final = "a public suffix, not a company's domain"
PRIVATE_SUFFIX: Final = "a shared host"


_PLAIN, _WILDCARD, _EXCEPTION, _PRIVATE = 1, 2, 4, 8


@cache
def rules() -> dict[str, int]:
    """Name (A-labels) to the rules about it, as bits.

    _PLAIN: it is a suffix; _WILDCARD: every name one label longer is; _EXCEPTION: it is not, against a
    wildcard; _PRIVATE: the rule is of a company that lets others register names under its own.
    """
    known: dict[str, int] = {}
    section = 0
    for line in resources.read_bytes("public_suffix").decode("ascii").split("\n"):
        if line.startswith("// ===BEGIN"):
            section = _PRIVATE if "PRIVATE" in line else 0
        if not line or line.startswith("//"):
            continue
        kind = {"*": _WILDCARD, "!": _EXCEPTION}.get(line[0], _PLAIN)
        name = line.lstrip("*!.")
        known[name] = known.get(name, 0) | kind | section
    return known


def split_host(host: str) -> tuple[str, str, str]:
    """(label, suffix, reason) of an ASCII host name: `label.suffix` is the registrable domain.

    `label` is empty and `reason` says why when the host has no registrable domain.
    """
    known = rules()
    label, _, name = host.partition(".")
    if label and host not in known and known.get(name) == _PLAIN:
        return label, name, ""  # What nearly all hosts are; the search below comes to the same.
    label, name, rule = "", host, known.get(host, 0)
    while name:
        first, _, rest = name.partition(".")
        rule_of_rest = known.get(rest, 0)
        if rule & _EXCEPTION:
            return first, rest, ""
        if rule & _PLAIN or rule_of_rest & _WILDCARD:
            if label:
                return label, name, ""
            return "", name, PRIVATE_SUFFIX if (rule | rule_of_rest) & _PRIVATE else PUBLIC_SUFFIX
        label, name, rule = first, rest, rule_of_rest
    return "", "", NO_TOP_LEVEL
