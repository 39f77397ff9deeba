"""The policies and presets that come with the product.

They are package data in a wheel, and the folder `policies` in a checkout. What is a policy is told by its
first line, so that other files may lie beside them: `NAME.cases.toml` says what a policy is expected to allow
and to deny.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from cleanroom.agreement.document import POLICY_FORMAT
from cleanroom.agreement.presets import read_presets
from overlap.errors import UsageError

#: How the name of a file with cases ends.
CASES_ENDING: Final = ".cases.toml"

_FIRST_LINE: Final = f'format = "{POLICY_FORMAT}"\n'.encode()


def policy_names() -> tuple[str, ...]:
    """Names of the shipped policies, sorted."""
    return tuple(sorted(_policies()))


def policy_text(name: str) -> bytes:
    """The shipped policy of that name, to be parsed, or copied and edited; UsageError for another name."""
    policies = _policies()
    if name not in policies:
        raise UsageError(
            "there is no shipped policy of that name", f"known are {', '.join(sorted(policies))}"
        )
    return policies[name]


def cases_text(name: str) -> bytes:
    """The cases of a shipped policy; UsageError for another name."""
    policy_text(name)
    return _resource_files()[name + CASES_ENDING].read_bytes()


def shipped_presets() -> dict[str, tuple[str, ...]]:
    """The shipped presets: lists of fields by name."""
    return read_presets(_resource_files()["presets.toml"].read_bytes())


def _policies() -> dict[str, bytes]:
    resources_here = _resource_files()
    texts = {name.removesuffix(".toml"): resources_here[name].read_bytes() for name in resources_here}
    return {name: text for name, text in texts.items() if text.startswith(_FIRST_LINE)}


def _resource_files() -> dict[str, Traversable]:
    package = resources.files("cleanroom")
    folder = package.joinpath("_policies")
    if not folder.is_dir():
        folder = package.joinpath("..", "policies")
    return {file.name: file for file in folder.iterdir() if file.name.endswith(".toml")}
