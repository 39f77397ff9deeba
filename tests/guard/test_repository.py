"""What lies in the repository: the entries of the card, no trace of a machine, dependencies that are used.

Expected values are pyproject.toml, the documents and the sources, compared with each other.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

from source import ROOT, Module, modules

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, TOOLS = SETTINGS["project"], SETTINGS["tool"]
ENTRIES = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "benchmarks",
    "cleanroom",
    "cli.py",
    "docs",
    "overlap",
    "policies",
    "pyproject.toml",
    "tests",
}

#: Distribution to the module that it installs, where the two names differ.
MODULES = {
    "http-message-signatures": "http_message_signatures",
    "prometheus-client": "prometheus_client",
    "python-stdnum": "stdnum",
    "rfc3161-client": "rfc3161_client",
}

#: Traces of somebody's machine, of a package index, of a download. Parted, so that this file has none.
TRACES = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users|tmp)/\w"
    r"|[A-Z]:\\Users\b"
    r"|(?:index|find)-(?:url|links)\b"
    r"|\b(?:pypi[.]org|pythonhost" + r"ed|npmjs[.])"
    r"|\b(?:curl|wget) "
    r"|https?://[^\s)\"'>]+\.(?:whl|zip|gz|tgz|bz2|xz|exe|dat|deb)\b"
)


def tracked() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in sorted(done.stdout.splitlines()) if (ROOT / name).is_file()]


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement)[0]


def described() -> list[str]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    cells = re.findall(r"(?m)^\| ([^|]+) \|", text)
    return [name.strip() for cell in cells for name in cell.split(",") if name.strip() != "package"]


def test_the_top_level_holds_the_known_entries_and_no_other() -> None:
    assert {path.parts[0] for path in tracked()} == ENTRIES


def test_no_file_holds_a_trace_of_a_machine_an_index_or_a_download() -> None:
    found = [
        f"{path}:{number}"
        for path in tracked()
        if not path.is_relative_to("overlap/identity/data")  # Lists of domains, an index's among them.
        for number, line in enumerate((ROOT / path).read_bytes().decode(errors="replace").splitlines(), 1)
        if TRACES.search(line)
    ]
    assert not found


def test_a_trace_would_be_found() -> None:
    for trace in (
        "/ho" + "me/ada",
        "pypi" + ".org",
        "--index-" + "url",
        "https://x.org/a" + ".whl",
        "cu" + "rl -O",
    ):
        assert TRACES.search(f"see {trace}")


def test_every_dependency_is_imported_by_the_product() -> None:
    named = {MODULES.get(name_of(one), name_of(one)) for one in PROJECT["dependencies"]}
    imported = {name.split(".")[0] for module in modules() for name in module.imports}
    assert named and named <= imported


def test_every_dependency_is_described_and_no_other() -> None:
    extra = PROJECT["optional-dependencies"].values()
    hooks = TOOLS["hatch"]["build"]["targets"]["wheel"]["hooks"].values()
    named = [
        *PROJECT["dependencies"],
        *(requirement for group in extra for requirement in group),
        *(requirement for hook in hooks for requirement in hook["dependencies"]),
    ]
    assert sorted(described()) == sorted({name_of(requirement) for requirement in named})


def test_the_product_imports_nothing_that_is_not_a_dependency() -> None:
    import sys

    known = {MODULES.get(name_of(one), name_of(one)) for one in PROJECT["dependencies"]}
    known |= {"overlap", "cleanroom", *sys.stdlib_module_names}
    extras = {
        name: {MODULES.get(name_of(one), name_of(one)) for one in PROJECT["optional-dependencies"][name]}
        for name in ("kernel", "room", "spark", "timestamp")
    }
    # What FastAPI itself consists of: ASGI applications and models of bodies.
    extras["room"] |= {"starlette", "pydantic"}

    def allowed(module: Module) -> set[str]:
        """What comes with an extra is imported in one place, when it is asked for."""
        if ".kernel_" in module.name:
            return known | extras["kernel"]
        if module.inside("cleanroom.room"):
            return known | extras["room"]
        if module.name == "overlap.keys.timestamp":
            return known | extras["timestamp"]
        return known | extras["spark"] | {"py4j"} if module.inside("overlap.spark") else known

    strangers = {
        name for module in modules() for name in module.imports if name.split(".")[0] not in allowed(module)
    }
    assert not strangers


def test_the_changelog_names_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"(?m)^## {re.escape(PROJECT['version'])}\b", text)


def test_every_test_file_says_what_it_tests() -> None:
    tests = [path for path in tracked() if path.parts[0] == "tests" and path.match("test_*.py")]
    silent = [
        path for path in tests if not ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    ]
    assert tests and not silent
