"""Which policy is meant: a shipped one, a file, or what a sharing file says; with presets looked up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cleanroom.agreement import (
    NONE,
    Applying,
    apply_overrides,
    expand_presets,
    is_sharing,
    parse_policy,
    policy_names,
    policy_text,
    read_presets,
    read_sharing,
    shipped_presets,
)
from cleanroom.session.folder import read_whole
from overlap.errors import BadInput, UsageError

#: A policy is text that a person reads; the format's own limit is the same.
POLICY_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Applied:
    """The policy that applies to a partner: its name or path, the keys that are replaced in it, its text."""

    partner: str
    policy: str
    replaced: list[str]
    text: str


def read_text(policy: str, partner: str = "", presets: Path | None = None) -> bytes:
    """The text of a policy: a shipped one by its name, else a file, with every known preset looked up.

    A sharing file says which policy applies to `partner`. `presets` is a file of presets that are known
    beside the shipped ones. Raises BadInput, UsageError, or Refused when nothing is proposed to that partner.
    """
    data = _read(policy, Path())
    if is_sharing(data):
        if not partner:
            raise UsageError(
                "this file says which policy applies to which partner",
                "'overlap agreement policies FILE --partner NAME' shows the one for a partner",
            )
        data = _resolve(read_sharing(data).applying(partner), Path(policy).parent)
    known = shipped_presets()
    if presets is not None:
        known |= read_presets(read_whole(presets, POLICY_LIMIT))
    return expand_presets(data, known)


def applied_policy(policy: str, partner: str, presets: Path | None = None) -> Applied:
    """What would be proposed to a partner under a policy or a sharing file. Errors as in `read_text`."""
    data = _read(policy, Path())
    applying = read_sharing(data).applying(partner) if is_sharing(data) else Applying(policy, ())
    text = read_text(policy, partner, presets)
    require_known_presets(text)
    replaced = [f"{table}.{key}" for table, key, _ in applying.overrides]
    return Applied(partner, applying.policy, replaced, text.decode())


def require_known_presets(text: bytes) -> None:
    """Return when the policy is correct and every preset in it was looked up; else BadInput."""
    policy = parse_policy(text)
    for side in (policy.proposer, policy.accepter):
        if side.preset and not side.fields:
            known = ", ".join(shipped_presets())
            raise BadInput(
                "the policy names a preset that is not known here",
                f"shipped are {known}; give a file with your own as --presets FILE",
            )


def _resolve(applying: Applying, folder: Path) -> bytes:
    data = _read(applying.policy, folder)
    parse_policy(data)
    return apply_overrides(data, applying.overrides)


def _read(policy: str, folder: Path) -> bytes:
    if policy in policy_names():
        return policy_text(policy)
    place = folder / policy
    if policy == NONE or not place.is_file():
        raise BadInput(
            f"there is no policy and no file {policy}", "'overlap agreement policies' lists the shipped ones"
        )
    return read_whole(place, POLICY_LIMIT)
