"""The policies and presets that come with the product.

They are package data in a wheel, and the folder `policies` in a checkout. What is a policy is told by its
first line, so that other files may lie beside them.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from cleanroom.agreement.document import POLICY_FORMAT
from cleanroom.agreement.presets import read_presets
from overlap.errors import UsageError

_FIRST_LINE = f'format = "{POLICY_FORMAT}"\n'.encode()


def policy_names() -> tuple[str, ...]:
    """Names of the shipped policies, sorted."""
    return tuple(sorted(_resource_files()))


def policy_text(name: str) -> bytes:
    """The shipped policy of that name, to be parsed, or copied and edited; UsageError for another name."""
    if name not in policy_names():
        raise UsageError("there is no shipped policy of that name", f"known are {', '.join(policy_names())}")
    return _resource_files()[name].read_bytes()


def shipped_presets() -> dict[str, tuple[str, ...]]:
    """The shipped presets: lists of fields by name."""
    return read_presets(_folder().joinpath("presets.toml").read_bytes())


def _resource_files() -> dict[str, Traversable]:
    files = [file for file in _folder().iterdir() if file.name.endswith(".toml")]
    return {
        file.name.removesuffix(".toml"): file for file in files if file.read_bytes().startswith(_FIRST_LINE)
    }


def _folder() -> Traversable:
    package = resources.files("cleanroom")
    folder = package.joinpath("_policies")
    if not folder.is_dir():
        folder = package.joinpath("..", "policies")
    return folder
