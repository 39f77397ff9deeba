"""The product's modules as syntax trees, for the guard tests."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("overlap", "cleanroom")


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @cached_property
    def imports(self) -> set[str]:
        """Every module named in an import, as `a.b` and, for `from a import b`, also `a.b`."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def calls(self) -> set[str]:
        """The dotted or bare names of everything called."""
        return {ast.unparse(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}

    def inside(self, *rooms: str) -> bool:
        return any(self.name == room or self.name.startswith(room + ".") for room in rooms)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product, read once. Call it inside a test: whoever only collects reads nothing."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


def offences(rule: Callable[[Module], Collection[str]], *but: str) -> dict[str, list[str]]:
    """What `rule` finds in each module outside the rooms `but`; modules without an offence are left out."""
    found = {module.name: sorted(rule(module)) for module in modules() if not module.inside(*but)}
    assert found, "no module was looked at"
    return {name: some for name, some in found.items() if some}
