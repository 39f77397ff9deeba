"""Rooms meet at public lists: what one takes from another stands in that package's `__all__`.

A room is a folder or a module directly below `overlap` or `cleanroom`. The rule is read from the sources; the
exceptions are named here, each with its reason.
"""

from __future__ import annotations

import ast
from importlib import import_module

import pytest
from source import Module, modules

ALL = list(modules())
BY_NAME = {module.name: module for module in ALL}
PACKAGES = [module for module in ALL if module.path.name == "__init__.py" and module.name != "cleanroom"]
LISTED = [module for module in PACKAGES if "__all__" in ast.unparse(module.tree)]

#: Modules inside a room that others may import, and who.
EXCEPTIONS = {
    # The contract is made from an agreement and bound by a claim; the package front would import the engine.
    "overlap.protocol.contract": {"cleanroom.agreement", "cleanroom.attribution"},
    # What the protocols answer: Count, Sum and CellCounts.
    "overlap.protocol.counts": {"cleanroom.session", "overlap.simulation"},
    "overlap.protocol.room_counts": {"cleanroom.room", "cleanroom.session", "overlap.exchange"},
    "overlap.protocol.sums": {"cleanroom.session", "overlap.simulation"},
    # The same protocol over Parquet: it is made of the same pieces, so that its bytes are the same.
    "overlap.protocol.body": {"overlap.spark"},
    "overlap.protocol.columns": {"overlap.spark"},
    "overlap.protocol.buckets": {"cleanroom.agreement", "overlap.spark"},
    "overlap.protocol.dh": {"overlap.spark"},
    "overlap.protocol.spool": {"overlap.spark"},
    "overlap.protocol.steps": {"overlap.spark"},
    "overlap.protocol.tags": {"overlap.spark"},
    # The doctor asks whether the compiled loops give the same bytes here.
    "overlap.protocol.vole.code": {"cleanroom.session"},
    # A list that is prepared lives longer than a run; nothing else needs its arrays loaded.
    "overlap.protocol.prepared": {"cleanroom.session", "overlap.simulation"},
}


def room_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def is_listed(package: str, name: str) -> bool:
    """True when the package offers a name that is also the name of its module: `decide` of `decide`."""
    return BY_NAME.get(package) in LISTED and name in public_names(BY_NAME[package])


def taken(module: Module) -> list[tuple[str, str]]:
    """(module, name) of everything that `module` takes from another room."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = inner in BY_NAME and not is_listed(node.module, alias.name)
                found.append((inner, "") if is_module else (node.module, alias.name))
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    ours = [(where, name) for where, name in found if where.split(".")[0] in ("overlap", "cleanroom")]
    return [(where, name) for where, name in ours if room_of(where) != room_of(module.name)]


def public_names(package: Module) -> list[str]:
    names = import_module(package.name).__all__
    assert isinstance(names, list)
    return names


def is_allowed(module: Module, where: str, name: str) -> bool:
    if room_of(module.name) in EXCEPTIONS.get(where, ()):
        return True
    if where.startswith("cleanroom.session.") and module.inside("cleanroom.cli"):
        return True  # Each command calls one module of the session; loading a whole room would slow it.
    if where.count(".") > 1:
        return False
    target = BY_NAME[where]
    return target not in LISTED or not name or name in public_names(target)


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.name)
def test_a_room_takes_from_others_what_their_public_lists_offer(module: Module) -> None:
    assert not [f"{where}: {name}" for where, name in taken(module) if not is_allowed(module, where, name)]


@pytest.mark.parametrize("module", LISTED, ids=lambda module: module.name)
def test_a_public_list_is_sorted_and_every_name_is_there(module: Module) -> None:
    names = public_names(module)
    # Constants, then classes, then the rest, as the linter sorts such a list.
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    package = import_module(module.name)
    assert not [name for name in names if not hasattr(package, name)]


def test_every_exception_is_needed() -> None:
    used = {(where, room_of(module.name)) for module in ALL for where, _ in taken(module)}
    assert not [
        (where, room) for where, rooms in EXCEPTIONS.items() for room in rooms if (where, room) not in used
    ]


def test_every_package_of_several_modules_has_a_public_list() -> None:
    without = {module.name for module in PACKAGES if module not in LISTED}
    # The commands call the modules of the session and of its rooms one by one.
    assert "cleanroom.session" in without
    assert all(name.startswith("cleanroom.session") for name in without)
