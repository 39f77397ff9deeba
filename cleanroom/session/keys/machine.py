"""What `overlap doctor` says of the machine, whoever's folder it looks at: libraries, primitives, extras."""

from __future__ import annotations

import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from overlap.errors import OverlapError, UsageError
from overlap.group import MULTIBUFFER, choose_backend, hash_to_group
from overlap.keys import PRIMITIVES, answers_as_published

GOOD: Final = "good"
NOTE: Final = "note"
REPAIR: Final = "REPAIR"

#: Bytes: below it the frames of a long list may not fit.
LEAST_FREE: Final = 2**30

PACKAGE: Final = "account-overlap"

#: Extra to the module by which its presence is seen.
EXTRAS: Final = {"kernel": "numba", "spark": "pyspark", "room": "fastapi"}

#: curve25519_XMD:SHA-512_ELL2_NU_ of "abc", RFC 9380, appendix J.4.2: Q.x.
_SUITE: Final = b"QUUX-V01-CS02-with-curve25519_XMD:SHA-512_ELL2_NU_"
_HASHED: Final = 0x7D56D1E08CB0CCB92BAF069C18C49BB5A0DCD927EFF8DCF75CA921EF7F3E6EEB


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: `state` is GOOD, NOTE or REPAIR; `repair` says what to do, "" for nothing.

    Nothing in it is secret, and no party, partner, account or place is named.
    """

    about: str
    state: str
    what: str
    repair: str = ""


def examine_machine(root: Path) -> Iterator[Finding]:
    """Libraries, primitives, extras, keyring, and the disk on which `root` lies."""
    yield _versions()
    yield _primitives()
    yield _multibuffer()
    yield _kernel()
    missing = [extra for extra, module in EXTRAS.items() if find_spec(module) is None]
    if missing:
        yield Finding("extras", NOTE, f"not installed: {', '.join(missing)}; everything else works without")
    else:
        yield Finding("extras", GOOD, f"installed: {', '.join(EXTRAS)}")
    yield _keyring()
    yield _disk(root)


def _versions() -> Finding:
    """Whether each library is at least as new as this package asks for."""
    python = ".".join(map(str, sys.version_info[:3]))
    try:
        required = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return Finding(
            "versions", NOTE, f"Python {python}; the package is not installed, so nothing is required"
        )
    old = [
        found[1]
        for line in required
        if (found := re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", line.strip()))
        and _installed(found[1]) < _numbers(found[2])
    ]
    if old:
        repair = f"pip install --upgrade {PACKAGE}"
        return Finding("versions", REPAIR, f"Python {python}; missing or too old: {', '.join(old)}", repair)
    return Finding(
        "versions", GOOD, f"Python {python}, overlap {metadata.version(PACKAGE)}, libraries as required"
    )


def _installed(package: str) -> tuple[int, ...]:
    try:
        return _numbers(metadata.version(package))
    except metadata.PackageNotFoundError:
        return ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _primitives() -> Finding:
    wrong = []
    for primitive in PRIMITIVES:
        try:
            right = answers_as_published(primitive, secrets.token_bytes)
        except Exception:  # A library that is broken may raise anything, and that is the finding.
            right = False
        wrong += [] if right else [primitive]
    if hash_to_group([b"abc"], _SUITE) != _HASHED.to_bytes(32, "little"):
        wrong.append("hash to curve")
    if wrong:
        return Finding(
            "primitives",
            REPAIR,
            f"not the published answers: {', '.join(wrong)}",
            "do not work on this machine; install the libraries again and run this again",
        )
    return Finding("primitives", GOOD, f"published answers: {', '.join(PRIMITIVES)}, hash to curve")


def _multibuffer() -> Finding:
    try:
        choose_backend(MULTIBUFFER)
    except UsageError as error:
        return Finding("multi-buffer", NOTE, f"not used, which costs time only: {error.what}")
    return Finding("multi-buffer", GOOD, "eight points at once, self-test passed")


def _kernel() -> Finding:
    """Whether the compiled loops of `--protocol vole` give what numpy gives."""
    if find_spec("numba") is None:
        return Finding("kernel", NOTE, "not installed, which costs time only with --protocol vole")
    from numpy import array_equal, frombuffer

    from overlap.protocol.vole import code

    if not code.has_kernel():
        return Finding("kernel", NOTE, "installed, but cannot be compiled here: numpy does its work")
    blocks = frombuffer(secrets.token_bytes(16 * 256), dtype="<u8").reshape(-1, 2)
    if not array_equal(code.compiled_convolve(blocks), code.convolve(blocks)):
        return Finding(
            "kernel",
            REPAIR,
            "the compiled loops give other bytes than numpy",
            "pip uninstall numba, or upgrade it",
        )
    return Finding("kernel", GOOD, "compiled loops give the same bytes as numpy")


def _keyring() -> Finding:
    import keyring
    import keyring.backends.fail

    backend = keyring.get_keyring()
    if isinstance(backend, keyring.backends.fail.Keyring):
        return Finding("keyring", NOTE, "this system has none: the passphrase comes from elsewhere")
    return Finding("keyring", GOOD, f"{type(backend).__module__}.{type(backend).__name__}")


def _disk(root: Path) -> Finding:
    place = next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE:
        return Finding("disk", REPAIR, f"{free // 2**20:,} MiB are free", "make room before the next match")
    return Finding("disk", GOOD, f"{free // 2**30:,} GiB are free")


def explained(about: str, error: Exception) -> Finding:
    """A check that was stopped by an error. Its text may name a partner or a place, so it is not quoted."""
    hint = "run 'overlap status': it says what and where"
    kind = type(error).__name__ if isinstance(error, OverlapError | OSError) else "a bug of ours"
    return Finding(about, REPAIR, f"cannot be checked ({kind})", hint)
