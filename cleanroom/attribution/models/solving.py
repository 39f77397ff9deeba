"""Inverses and solutions for chains: the same bits however many threads there are, up to a stated size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from cleanroom.attribution.models.chain import Chain
from cleanroom.attribution.models.journeys import Floats
from overlap.errors import Refused

#: Up to here an inverse is eliminated step by step; above, by LAPACK, whose last bits depend on its threads.
ELIMINATED: Final = 400

#: Up to here a chain is solved through its full inverse; above, by iteration on its moves.
DENSE_STATES: Final = 3_000

#: Relative residual at which an iteration ends, and the most rounds it takes.
RESIDUAL: Final = 1e-13
ROUNDS: Final = 2_000


def inverse(matrices: Floats) -> Floats:
    """Inverses of (..., n, n) matrices that need no pivoting: M-matrices, whose rows are dominated.

    Up to ELIMINATED rows by Gauss-Jordan elimination in one fixed order of operations.
    """
    size = matrices.shape[-1]
    if size > ELIMINATED:
        return np.asarray(np.linalg.inv(matrices))
    work = np.array(matrices, np.float64)
    for at in range(size):
        pivot = 1 / work[..., at, at]
        row = work[..., at, :] * pivot[..., None]
        column = work[..., :, at].copy()
        column[..., at] = 0
        work -= column[..., :, None] * row[..., None, :]
        work[..., :, at] = -column * pivot[..., None]
        work[..., at, :] = row
        work[..., at, at] = pivot
    return work


def product(left: Floats, right: Floats) -> Floats:
    """Matrix product; up to ELIMINATED rows in one fixed order of additions."""
    if max(left.shape) > ELIMINATED or right.ndim > 1:
        return np.asarray(left @ right)
    return np.asarray(np.einsum("ij,j->i", left, right, optimize=False))


def matrix_of(chain: Chain) -> Floats:
    """diag(visits) minus the counts of moves; a state that nobody visited stands alone."""
    matrix = np.diag(np.where(chain.visits > 0, chain.visits, 1.0))
    matrix[chain.moves] -= chain.counts
    return matrix


class Sparse:
    """Solutions of (diag(visits) - moves) x = b and of its transpose with some states taken out.

    For chains too large for an inverse: BiCGSTAB (van der Vorst, 1992) with the diagonal divided out, for
    several right-hand sides at once, until the residual is below RESIDUAL of the right-hand side.
    """

    def __init__(self, chain: Chain) -> None:
        before, after = chain.moves
        loops = np.bincount(before[before == after], chain.counts[before == after], chain.states)
        self._diagonal = np.where(chain.visits > 0, chain.visits - loops, 1.0)
        proper = before != after
        ahead = (before[proper], after[proper], chain.counts[proper])
        order = np.argsort(ahead[1], kind="stable")
        behind = (ahead[1][order], ahead[0][order], ahead[2][order])
        self._flows = tuple(
            (*np.unique(rows, return_index=True), taken, counts[:, None])
            for rows, taken, counts in (ahead, behind)
        )

    def solve(self, right: Floats, out: Floats, *, transposed: bool = False) -> Floats:
        """x for each column of `right` (states, columns); x is 0 where `out` (the same shape) is true.

        Raises Refused when the iteration does not end.
        """
        keep = ~out.astype(bool)
        scale = 1 / self._diagonal[:, None]
        target = np.where(keep, right, 0.0)

        def apply(x: Floats) -> Floats:
            y = x * scale
            return np.where(keep, x - self._flow(y, transposed), 0.0)

        x = _bicgstab(apply, target)
        return np.where(keep, x * scale, 0.0)

    def _flow(self, x: Floats, transposed: bool) -> Floats:
        rows, begins, taken, counts = self._flows[transposed]
        flow = np.zeros_like(x)
        if len(rows):
            flow[rows] = np.add.reduceat(counts * x[taken], begins, axis=0)
        return flow


def _dots(left: Floats, right: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", left, right, optimize=False))


def _bicgstab(apply: Callable[[Floats], Floats], target: Floats) -> Floats:
    """Solves `apply(x) = target` for every column; columns that have ended stand still."""
    x = target.copy()
    residual = target - apply(x)
    shadow, goal = residual.copy(), RESIDUAL * np.sqrt(_dots(target, target))
    rho = alpha = omega = np.ones(target.shape[1])
    direction = moved = np.zeros_like(target)
    for _ in range(ROUNDS):
        open_ = np.sqrt(_dots(residual, residual)) > goal
        if not open_.any():
            return x
        rho_next = _dots(shadow, residual)
        beta = _ratio(rho_next * alpha, rho * omega)
        direction = residual + beta * (direction - omega * moved)
        moved = apply(direction)
        alpha = np.where(open_, _ratio(rho_next, _dots(shadow, moved)), 0.0)
        half = residual - alpha * moved
        turned = apply(half)
        omega = np.where(open_, _ratio(_dots(turned, half), _dots(turned, turned)), 0.0)
        x = x + alpha * direction + omega * half
        residual = half - omega * turned
        rho = rho_next
        if (stuck := open_ & (omega == 0)).any():
            # A breakdown: that column begins again from where it is.
            residual = np.where(stuck, target - apply(x), residual)
            shadow = np.where(stuck, residual, shadow)
            rho, alpha, omega = (np.where(stuck, 1.0, each) for each in (rho, alpha, omega))
            direction, moved = (np.where(stuck, 0.0, each) for each in (direction, moved))
    raise Refused("the chain of these journeys does not settle", "choose a lower order")


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)
