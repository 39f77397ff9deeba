"""Files and functions stay small enough to read at one sitting."""

from __future__ import annotations

import ast

import pytest
from source import Module, modules

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60


@pytest.mark.parametrize("module", list(modules()), ids=lambda module: module.name)
def test_modules_and_functions_are_small(module: Module) -> None:
    lines = module.path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_MODULE_LINES
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            assert node.end_lineno is not None
            assert node.end_lineno - first.lineno < MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("module", list(modules()), ids=lambda module: module.name)
def test_public_functions_and_classes_say_what_they_are_for(module: Module) -> None:
    assert ast.get_docstring(module.tree) or not module.tree.body, "the module has no docstring"
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name
