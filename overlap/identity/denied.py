"""Hosts whose name says nothing about the account that wrote it down."""

from __future__ import annotations

from functools import cache
from typing import Final

from overlap.identity import resources

#: Data file to the reason a user sees. In a name on two lists the first reason counts.
REASONS: Final = {
    "free_mail": "a free mail or internet provider",
    "disposable_mail": "a disposable mail provider",
    "social_profile": "a social profile or directory page",
    "link_in_bio": "a link-in-bio page",
    "url_shortener": "a URL shortener",
    "shared_host": "a shared host",
}
PLATFORM_PAGE: Final = "a page on a platform"


@cache
def denied_hosts() -> dict[str, str]:
    """Host name (A-labels) to reason; everything under a host is denied with it."""
    hosts: dict[str, str] = {}
    for name, reason in REASONS.items():
        for host in resources.read_lines(name):
            hosts.setdefault(host, reason)
    return hosts


@cache
def platforms() -> frozenset[str]:
    """Registrable domains that are their owner's when bare, and else somebody's page on them."""
    return frozenset(resources.read_lines("platform"))


def denial(host: str, registrable: str, bare: bool) -> str:
    """The reason why `host` names no account, or "". `bare`: the address had no path and no subdomain."""
    hosts = denied_hosts()
    reason = hosts.get(registrable, "")
    if reason or bare:
        return reason
    if registrable in platforms():
        return PLATFORM_PAGE
    while len(host) > len(registrable):
        if host in hosts:
            return hosts[host]
        host = host.partition(".")[2]
    return ""
