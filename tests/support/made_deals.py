"""Deals of a market whose law is known, with partners that are attached late and to large deals.

Days are simulated one by one. A deal goes through four stages; from the third on it can be won, from every
one it can be lost. The chance of a partner grows with stage and amount. With `effect` 1 a partner changes
nothing; with 1.35 an attached deal is won 1.35 times as often a day and lost 1.35 times less often. With
`speed` it goes on, is won and is lost so many times as fast. `history` gives stages their amounts, which rise
from stage to stage by chance; with `growth` a partner multiplies the amount on the day after it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

STAGES = ("qualify", "develop", "propose", "negotiate")
SEGMENTS = ("small", "middle", "large")
BEGIN = date(2023, 1, 2)
DAYS = 1_000

#: Chances a day by stage: to go on, to be won, to be lost, to have a partner attached.
AHEAD = np.array([0.040, 0.035, 0.030, 0.0])
WIN = np.array([0.0, 0.0, 0.006, 0.030])
LOSS = np.array([0.034, 0.020, 0.010, 0.012])
ATTACH = np.array([0.0035, 0.0060, 0.0085, 0.0085])


@dataclass(frozen=True)
class Made:
    """Rows as the files have them, and the mean effect on those who were attached: of winning in the end."""

    deals: list[dict[str, str]]
    stages: list[dict[str, str]]
    truth: float
    truths: dict[str, float] = field(default_factory=dict)
    law: Law | None = None


@dataclass(frozen=True)
class Law:
    """Segment, size and stage of every attachment at its time, and what a partner changes."""

    segment: np.ndarray
    scale: np.ndarray
    stage: np.ndarray
    effect: float
    speed: float
    growth: float

    def days(self, horizon: float) -> float:
        """The mean effect on the days a deal is open, at most `horizon` (whole) after the attachment."""
        with_, _ = self._open(horizon, attached=True)
        usual, _ = self._open(horizon, attached=False)
        return float((with_ - usual).mean())

    def amount(self, horizon: float) -> float:
        """The mean effect on the logarithm of the amount at the close or the horizon.

        Right where `effect` and `speed` are 1, so that stages are passed as usual.
        """
        _, later = self._open(horizon - 1, attached=False)
        return float((np.log(self.growth) * (1 - later)).mean())

    def _open(self, horizon: float, *, attached: bool) -> tuple[np.ndarray, np.ndarray]:
        """For each attachment the mean days open up to the horizon, and the chance of a partner by then."""
        size = len(self.stage)
        here = np.zeros((2, 4, size))
        here[int(attached), self.stage, np.arange(size)] = 1
        days, met = np.zeros(size), np.zeros(size)
        for _ in range(round(horizon)):
            days += here.sum(axis=(0, 1))
            after = np.zeros_like(here)
            for at in range(4):
                win, loss, attach = rates(self.segment, self.scale, np.full(size, at))
                for has, effect, speed in ((0, 1.0, 1.0), (1, self.effect, self.speed)):
                    stay = here[has, at] * (1 - speed * (win * effect + loss / effect))
                    ahead = stay * AHEAD[at] * speed
                    new = (stay - ahead) * attach * (not has)
                    after[has, at] += stay - ahead - new
                    after[1, at] += new
                    met += new
                    if at < 3:
                        after[has, at + 1] += ahead
            here = after
        return days, met


def make_deals(
    seed: int,
    size: int = 4_000,
    effect: float = 1.0,
    *,
    speed: float = 1.0,
    growth: float = 1.0,
    history: bool = False,
) -> Made:
    """A market of `size` deals created over 900 of DAYS days."""
    draw = np.random.default_rng(seed)
    segment = draw.choice(3, size, p=[0.5, 0.3, 0.2])
    scale = draw.normal(0, 0.8, size)
    amount = np.exp(np.log(np.array([12_000, 35_000, 110_000]))[segment] + scale)
    created = draw.integers(0, 900, size)
    stage = np.zeros(size, np.int64)
    attached, closed = np.full(size, -1), np.full(size, -1)
    outcome = np.full(size, -1)
    entries = [(deal, 0, int(day)) for deal, day in enumerate(created)]
    truths = []
    for day in range(DAYS):
        live = np.flatnonzero((created < day) & (closed < 0))
        has = attached[live] >= 0
        # Large deals are won more often, lost less often, and draw partners.
        win, loss, attach = rates(segment[live], scale[live], stage[live])
        win = np.where(has, win * effect * speed, win)
        loss = np.where(has, loss / effect * speed, loss)
        chance = draw.random((3, len(live)))
        won, lost = chance[0] < win, chance[0] > 1 - loss
        ahead = ~won & ~lost & (chance[1] < AHEAD[stage[live]] * np.where(has, speed, 1.0))
        new = ~won & ~lost & ~ahead & ~has & (chance[2] < attach)
        closed[live[won | lost]] = day
        outcome[live[won]], outcome[live[lost]] = 1, 0
        stage[live[ahead]] += 1
        entries += [(deal, stage[deal], day) for deal in live[ahead].tolist()]
        attached[live[new]] = day
        truths.append(live[new])
    who = np.concatenate(truths)
    then = [_stage_at(passed, int(attached[deal])) for deal, passed in _by_deal(entries, who)]
    effects = _effects(segment[who], scale[who], np.array(then), effect)
    partner = draw.integers(0, 25, size)
    rows = [
        {
            "deal_id": f"d{deal:05}",
            "segment": SEGMENTS[segment[deal]],
            "amount": f"{amount[deal]:.2f}",
            "created": _day(created[deal]),
            "partner_id": f"p{partner[deal]:02}" if attached[deal] >= 0 else "",
            "attached": _day(attached[deal]),
            "closed": _day(closed[deal]),
            "outcome": {1: "won", 0: "lost", -1: ""}[int(outcome[deal])],
        }
        for deal in range(size)
    ]
    names = ("deal_id", "stage", "entered")
    came = attached if history else np.full(size, -1)
    told = _with_growth(entries, came)
    stages = [
        dict(zip(names, (f"d{deal:05}", STAGES[at], _day(day)), strict=True)) for deal, at, day, _ in told
    ]
    if history:
        _give_amounts(seed, rows, stages, told, growth)
    return Made(
        rows,
        stages,
        float(effects.mean()),
        {f"d{deal:05}": one for deal, one in zip(who.tolist(), effects.tolist(), strict=True)},
        Law(segment[who], scale[who], np.array(then), effect, speed, growth),
    )


def _with_growth(
    entries: list[tuple[int, int, int]], attached: np.ndarray
) -> list[tuple[int, int, int, bool]]:
    """Entries by deal and day, and whether the amount grows with it: on the day after a partner came, with an
    entry of its own where there is none.
    """
    came = np.flatnonzero((attached >= 0) & (attached + 1 < DAYS))
    grown = {(deal, int(attached[deal]) + 1) for deal in came.tolist()}
    found = [(*entry, (entry[0], entry[2]) in grown) for entry in entries]
    missing = grown - {(deal, day) for deal, _, day in entries}
    for deal, passed in _by_deal(entries, came):
        day = int(attached[deal]) + 1
        if (deal, day) in missing:
            found.append((deal, _stage_at(passed, day), day, True))
    return sorted(found, key=lambda one: (one[0], one[2]))


def _give_amounts(
    seed: int,
    rows: list[dict[str, str]],
    stages: list[dict[str, str]],
    told: list[tuple[int, int, int, bool]],
    growth: float,
) -> None:
    """Amounts of the stages: the first as the deal has it, each next stage 1.1 times as large, by chance."""
    draw = np.random.default_rng((seed, 1))
    rise = np.exp(np.log(1.1) + draw.normal(0, 0.2, len(told)))
    last: dict[int, tuple[int, float]] = {}
    for row, (deal, at, _, grown), step in zip(stages, told, rise.tolist(), strict=True):
        stage, amount = last.get(deal, (0, float(rows[deal]["amount"])))
        amount *= (step if at != stage else 1.0) * (growth if grown else 1.0)
        last[deal] = (at, amount)
        row["amount"] = f"{amount:.2f}"
    for deal, (_, amount) in last.items():
        rows[deal]["amount"] = f"{amount:.2f}"


def rates(
    segment: np.ndarray, scale: np.ndarray, stage: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chances a day to be won, to be lost and to be attached, without a partner."""
    size = np.exp(0.35 * scale + 0.15 * (segment - 1))
    return WIN[stage] * size, LOSS[stage] / size, ATTACH[stage] * np.exp(0.55 * scale + 0.3 * (segment - 1))


def _by_deal(entries: list[tuple[int, int, int]], who: np.ndarray) -> list[tuple[int, list[tuple[int, int]]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for deal, stage, day in entries:
        found.setdefault(deal, []).append((day, stage))
    return [(deal, found[deal]) for deal in who.tolist()]


def _stage_at(entries: list[tuple[int, int]], day: int) -> int:
    return max((entered, stage) for entered, stage in entries if entered <= day)[1]


def _effects(segment: np.ndarray, scale: np.ndarray, stage: np.ndarray, effect: float) -> np.ndarray:
    """By attachment: the chance to win in the end with a partner, less the one of going on as usual."""
    with_, usual = np.zeros((4, len(stage))), np.zeros((4, len(stage)))
    for at in reversed(range(4)):
        win, loss, attach = rates(segment, scale, np.full(len(stage), at))
        for table, factor in ((with_, effect), (usual, 1.0)):
            stay = 1 - win * factor - loss / factor
            ahead = stay * AHEAD[at]
            going = table[at + 1] if at < 3 else 0.0
            if table is with_:
                table[at] = (win * factor + ahead * going) / (1 - stay + ahead)
            else:
                new = stay * (1 - AHEAD[at]) * attach
                table[at] = (win + ahead * going + new * with_[at]) / (win + loss + ahead + new)
    rows = np.arange(len(stage))
    return np.asarray(with_[stage, rows] - usual[stage, rows])


def _day(day: int) -> str:
    return (BEGIN + timedelta(days=int(day))).isoformat() if day >= 0 else ""
