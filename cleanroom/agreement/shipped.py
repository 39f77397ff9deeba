"""The policies that come with the product: package data in a wheel, the folder `policies` in a checkout.

Beside `NAME.toml` lies `NAME.cases.toml`: what the policy is expected to allow and to deny.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from overlap.errors import UsageError

#: How the name of a file with cases ends.
CASES_ENDING: Final = ".cases.toml"


def policy_names() -> tuple[str, ...]:
    """Names of the shipped policies, sorted."""
    files = (name for name in _resource_files() if not name.endswith(CASES_ENDING))
    return tuple(sorted(name.removesuffix(".toml") for name in files))


def policy_text(name: str) -> bytes:
    """The shipped policy of that name, to be parsed, or copied and edited; UsageError for another name."""
    if name not in policy_names():
        raise UsageError("there is no shipped policy of that name", f"known are {', '.join(policy_names())}")
    return _resource_files()[f"{name}.toml"].read_bytes()


def cases_text(name: str) -> bytes:
    """The cases of a shipped policy; UsageError for another name."""
    policy_text(name)
    return _resource_files()[name + CASES_ENDING].read_bytes()


def _resource_files() -> dict[str, Traversable]:
    package = resources.files("cleanroom")
    folder = package.joinpath("_policies")
    if not folder.is_dir():
        folder = package.joinpath("..", "policies")
    return {file.name: file for file in folder.iterdir() if file.name.endswith(".toml")}
