"""Files and functions stay small enough to read at one sitting."""

from __future__ import annotations

import ast

from source import Module, offences

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60


def test_modules_and_functions_are_small() -> None:
    def large(module: Module) -> list[str]:
        lines = module.path.read_text(encoding="utf-8").count("\n")
        found = [f"{lines} lines"] if lines > MAX_MODULE_LINES else []
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.body[0].lineno >= MAX_FUNCTION_LINES:
                    found.append(node.name)
        return found

    assert not offences(large)


def test_public_functions_and_classes_say_what_they_are_for() -> None:
    def silent(module: Module) -> list[str]:
        found = [] if ast.get_docstring(module.tree) or not module.tree.body else ["the module"]
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                found += [] if ast.get_docstring(node) else [node.name]
        return found

    assert not offences(silent)
