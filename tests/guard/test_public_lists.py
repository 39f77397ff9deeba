"""Rooms meet at public lists: what one takes from another stands in that package's `__all__`.

A room is a folder or a module directly below `overlap` or `cleanroom`. The rule is read from the sources; the
exceptions are named here, each with its reason.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module

from source import Module, modules, offences

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


@cache
def by_name() -> dict[str, Module]:
    return {module.name: module for module in modules()}


@cache
def packages() -> dict[str, Module]:
    named = by_name().items()
    return {name: each for name, each in named if each.path.name == "__init__.py" and name != "cleanroom"}


@cache
def listed() -> dict[str, Module]:
    return {name: each for name, each in packages().items() if "__all__" in ast.unparse(each.tree)}


def room_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def is_listed(package: str, name: str) -> bool:
    """True when the package offers a name that is also the name of its module: `decide` of `decide`."""
    return package in listed() and name in public_names(package)


def taken(module: Module) -> list[tuple[str, str]]:
    """(module, name) of everything that `module` takes from another room."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = inner in by_name() and not is_listed(node.module, alias.name)
                found.append((inner, "") if is_module else (node.module, alias.name))
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    ours = [(where, name) for where, name in found if where.split(".")[0] in ("overlap", "cleanroom")]
    return [(where, name) for where, name in ours if room_of(where) != room_of(module.name)]


def public_names(package: str) -> list[str]:
    names = import_module(package).__all__
    assert isinstance(names, list)
    return names


def is_allowed(module: Module, where: str, name: str) -> bool:
    if room_of(module.name) in EXCEPTIONS.get(where, ()):
        return True
    if where.startswith("cleanroom.session.") and module.inside("cleanroom.cli"):
        return True  # Each command calls one module of the session; loading a whole room would slow it.
    if where.count(".") > 1:
        return False
    return where not in listed() or not name or name in public_names(where)


def test_a_room_takes_from_others_what_their_public_lists_offer() -> None:
    def strange(module: Module) -> list[str]:
        return [f"{where}: {name}" for where, name in taken(module) if not is_allowed(module, where, name)]

    assert not offences(strange)


def test_a_public_list_is_sorted_and_every_name_is_there() -> None:
    for package in listed():
        names = public_names(package)
        # Constants, then classes, then the rest, as the linter sorts such a list.
        order = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        assert (package, names) == (package, order)
        module = import_module(package)
        assert not [f"{package}: {name}" for name in names if not hasattr(module, name)]


def test_every_exception_is_needed() -> None:
    used = {(where, room_of(module.name)) for module in modules() for where, _ in taken(module)}
    assert not [
        (where, room) for where, rooms in EXCEPTIONS.items() for room in rooms if (where, room) not in used
    ]


def test_every_package_of_several_modules_has_a_public_list() -> None:
    without = packages().keys() - listed().keys()
    # The commands call the modules of the session and of its rooms one by one.
    assert "cleanroom.session" in without
    assert all(name.startswith("cleanroom.session") for name in without)
