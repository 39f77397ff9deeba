"""No float in a money path: no literal, no call, no true division, no library that computes with them."""

from __future__ import annotations

import ast

import pytest
from source import modules

MONEY = tuple(f"cleanroom.attribution.{room}" for room in ("earnings", "ledger", "payouts"))
FLOATING = {"decimal", "math", "numpy", "pandas", "random", "statistics"}


def floats_in(tree: ast.AST) -> list[int]:
    """The lines on which a float could come to be."""
    found = []
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        division = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        name = isinstance(node, ast.Name) and node.id in ("float", "complex", "round")
        power = (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Pow)
            and isinstance(node.right, ast.UnaryOp)
        )
        method = isinstance(node, ast.Attribute) and node.attr in (
            "total_seconds",
            "timestamp",
            "__truediv__",
        )
        if literal or division or name or power or method:
            found.append(node.lineno)
    return found


def test_a_money_path_has_no_float() -> None:
    found = {module.name: module for module in modules() if module.inside(*MONEY)}
    assert all(room in found for room in MONEY)
    assert not {name: lines for name, module in found.items() if (lines := floats_in(module.tree))}
    for module in found.values():
        # `lcm` is of whole numbers.
        used = {name for name in module.imports if name.split(".")[0] in FLOATING} - {"math", "math.lcm"}
        assert (module.name, used) == (module.name, set())


@pytest.mark.parametrize(
    "text",
    ["1.5", "a / b", "a /= 2", "float(x)", "round(x)", "10 ** -2", "f.__truediv__(2)", "t.timestamp()"],
)
def test_a_float_would_be_found(text: str) -> None:
    assert floats_in(ast.parse(text))
