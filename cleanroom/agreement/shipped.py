"""The policies that come with the product: package data in a wheel, the folder `policies` in a checkout."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from overlap.errors import UsageError


def policy_names() -> tuple[str, ...]:
    """Names of the shipped policies, sorted."""
    return tuple(sorted(_resource_files()))


def policy_text(name: str) -> bytes:
    """The shipped policy of that name, to be parsed, or copied and edited; UsageError for another name."""
    if name not in policy_names():
        raise UsageError("there is no shipped policy of that name", f"known are {', '.join(policy_names())}")
    return _resource_files()[name].read_bytes()


def _resource_files() -> dict[str, Traversable]:
    package = resources.files("cleanroom")
    folder = package.joinpath("_policies")
    if not folder.is_dir():
        folder = package.joinpath("..", "policies")
    return {file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")}
