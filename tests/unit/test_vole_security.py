"""The parameters of the noise against published attacks: 128 bits at every size, and figures of others."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from overlap.protocol.vole.vole import DISTANCE, NOISE_WEIGHT

SPEC = spec_from_file_location(
    "vole_security", Path(__file__).resolve().parents[2] / "benchmarks" / "vole_security.py"
)
assert SPEC is not None and SPEC.loader is not None
security = module_from_spec(SPEC)
SPEC.loader.exec_module(security)


@pytest.mark.parametrize("outputs", [1 << 14, 100_000, 1_230_000, 12_300_000])
def test_every_attack_costs_128_bits(outputs: int) -> None:
    bits = security.estimates(outputs, NOISE_WEIGHT, DISTANCE)
    assert min(bits.values()) >= 128, bits


def test_a_binary_code_would_fall() -> None:
    assert security.estimates(1 << 14, NOISE_WEIGHT, DISTANCE, classes=1)["splitting"] < 1
    assert security.estimates(1 << 14, 400, DISTANCE, classes=1)["splitting"] < 60


def test_less_noise_would_not_do() -> None:
    assert security.estimates(1 << 14, 128, DISTANCE)["linear test"] < 128


#: Outputs, parts, bits: what the estimator of eprint 2022/712 says of pooled Gauss (linear algebra with
#: exponent 2.8, noise anywhere) and of the algebraic attack, and eprint 2023/1568, appendix A.1 (exponent 3).
PUBLISHED = (
    (16_384, 128, 167.6, None, 171.0),
    (16_384, 176, 217.0, 224.4, 220.1),
    (16_384, 400, 443.3, 438.1, 443.6),
    (1_230_000, 176, 232.7, None, 237.7),
)


@pytest.mark.parametrize(("outputs", "parts", "gauss", "algebraic", "regular"), PUBLISHED)
def test_against_figures_of_others(
    outputs: int, parts: int, gauss: float, algebraic: float | None, regular: float
) -> None:
    """Ours count less linear algebra, so they are lower: by 0.8 and by 1 to 1.2 times its logarithm."""
    from math import log2

    bits = security.estimates(outputs, parts, DISTANCE)
    assert bits["Gauss"] + 0.8 * log2(outputs) == pytest.approx(gauss, abs=4)
    assert bits["Gauss"] + log2(2 * outputs) == pytest.approx(regular, abs=3)
    if algebraic is not None:
        assert bits["algebraic"] == pytest.approx(algebraic, abs=12)
