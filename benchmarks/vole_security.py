"""What the published attacks on regular noise cost against the vector-OLE's code, in bits.

    python benchmarks/vole_security.py [OUTPUTS ...]

The attacker sees A = G e: G has `outputs` rows and N columns over GF(2^128), e one uniform value at one
uniform place in each of t parts. In the language of the papers that is a code of length
N and dimension k = N - outputs. Where a cost is uncertain the lower one stands: linear algebra with exponent
two, or for nothing. All columns must reach 128. Compared to: the estimator of eprint 2022/712 and its
successors, whose figures stand in tests/unit/test_vole_security.py.
"""

from __future__ import annotations

import sys
from math import comb, log2
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

FIELD_BITS = 128


def linear_test(parts: int, distance: float) -> float:
    """No combination of rows with a smaller part 2 `distance` of entries not zero can be found: an assumption
    (eprint 2023/882, on pseudo-distance). Its value is the noise's where it hits any of it."""
    return -parts * log2(1 - 2 * distance)


def pooled_gauss(length: int, dimension: int, parts: int) -> float:
    """Guess k places without noise, spread evenly over the parts, and solve (Prange; eprint
    2022/712; for regular noise over large fields eprint 2023/1568, appendix A.1)."""
    free = length - dimension
    return parts * log2(length / free) + 2 * log2(min(dimension, free))


def statistical_decoding(length: int, dimension: int, parts: int) -> float:
    """Tests of weight k + 1, which any elimination gives (eprint 2022/712). Over a large field one
    test that comes out zero is enough, so the success counts once and not squared as there."""
    return parts * log2(length / (length - dimension - 1)) + log2(dimension + 1)


def algebraic(length: int, dimension: int, parts: int) -> float:
    """Equations of degree two say that a part has one value; some parts are shortened by guessing (Briaud and
    Oygard, eprint 2023/176). The series is

        (1 - z)^(N - k - t) (1 + (b - u - 1) z)^f (1 + (b - 1) z)^(t - f)

    for f parts of b places with u guessed to be zero; the degree is that of its first term not positive, and
    the cost the square of the monomials up to there by three times the unknowns.
    """
    size = length // parts
    best = float("inf")
    for shortened in range(0, parts + 1, max(1, parts // 22)):
        for guessed in {size * i // 32 for i in range(32)}:
            if shortened * guessed > dimension:
                continue
            unknowns = monomials(parts - shortened, size - 1, shortened, size - guessed - 1)
            degree = witness(length - dimension - parts, unknowns)
            work = 2 * log2(sum(unknowns[: degree + 1]))
            work += log2(3 * (dimension + 1 - shortened * guessed))
            best = min(best, work - shortened * log2(1 - guessed / size))
    return best


def monomials(whole: int, wide: int, shortened: int, narrow: int, degrees: int = 24) -> list[int]:
    """The coefficients of (1 + wide z)^whole (1 + narrow z)^shortened."""
    one = [comb(whole, d) * wide**d for d in range(degrees)]
    two = [comb(shortened, d) * narrow**d for d in range(degrees)]
    return [sum(one[i] * two[d - i] for i in range(d + 1)) for d in range(degrees)]


def witness(equations: int, unknowns: list[int]) -> int:
    """The degree of the first coefficient of (1 - z)^equations times the series that is not positive; the
    last one computed when there is none, which makes the cost a lower bound."""
    for d in range(1, len(unknowns)):
        if sum((-1) ** i * comb(equations, i) * unknowns[d - i] for i in range(d + 1)) <= 0:
            return d
    return len(unknowns) - 1


def splitting(length: int, outputs: int, parts: int, classes: int = FIELD_BITS) -> float:
    """Combinations of rows that see columns under `seen` of the `classes` powers of X only: a part `seen` /
    `classes` of the equations. A bit of the results, out of 128 independent ones, is blind for a wrongly
    guessed value when `seen` bits of that vanish, so 127 / seen wrong guesses do no harm. Ours; linear
    algebra for nothing.

    With one class, a binary code, it is the attack that the powers of X are for.
    """
    best = float("inf")
    for seen in range(1, classes + 1):
        hit = outputs * seen / classes / length
        wrong = (FIELD_BITS - 1) // seen
        best = min(best, -log2_tail(parts, hit, parts - wrong))
    return best


def log2_tail(count: int, chance: float, least: int) -> float:
    """The logarithm of the probability of `least` or more successes out of `count`."""
    from fractions import Fraction

    p = Fraction(chance)
    total = sum(
        comb(count, hits) * p**hits * (1 - p) ** (count - hits) for hits in range(max(0, least), count + 1)
    )
    return log2(total.numerator) - log2(total.denominator)


def estimates(outputs: int, parts: int, distance: float, classes: int = FIELD_BITS) -> dict[str, float]:
    """The bits of each attack."""
    length = parts * max(2, -(-2 * outputs // parts))
    dimension = length - outputs
    return {
        "linear test": linear_test(parts, distance),
        "Gauss": pooled_gauss(length, dimension, parts),
        "statistical": statistical_decoding(length, dimension, parts),
        "algebraic": algebraic(length, dimension, parts),
        "splitting": splitting(length, outputs, parts, classes),
    }


def main(arguments: list[str]) -> None:
    from overlap.protocol.vole.vole import DISTANCE, NOISE_WEIGHT

    sizes = [int(text) for text in arguments] or [1 << 14, 100_000, 1_230_000, 12_300_000]
    print(f"t = {NOISE_WEIGHT} parts, tests of weight {2 * DISTANCE} at least")
    for outputs in sizes:
        bits = estimates(outputs, NOISE_WEIGHT, DISTANCE)
        print(f"{outputs:>10}  " + "  ".join(f"{name} {value:.0f}" for name, value in bits.items()))
    binary = estimates(sizes[0], NOISE_WEIGHT, DISTANCE, classes=1)
    print(f"without powers of X: splitting {binary['splitting']:.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
