"""Draw a file of results of `peers.py` as SVG: processor seconds and bytes against n, log-log.

    python benchmarks/plot.py RESULTS.json OUT.svg

Points are medians; beside each name stands the exponent e of the fit c n^e (`peer_figures.fit_exponents`). A
point with a wrong answer is hollow. Colours follow the reader's light or dark mode.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from peer_figures import EXACT, FIT_FROM, Figure, figures, fit_exponents, read_results

#: The whole picture and each of its two panels, in pixels.
WIDTH, HEIGHT = 1000, 620
PANEL_WIDTH, PANEL_HEIGHT, TOP = 390, 330, 74
LEFTS = (70, 560)
LEGEND_TOP, LEGEND_STEP, LEGEND_COLUMNS = 478, 22, 3
ROOM = 0.12

#: Ours are in warm colours with thick lines, the peers in cold ones; all are readable on white and on black.
OURS = ("#e4572e", "#d81b72", "#f0a202", "#a1662f")
PEERS = ("#2e86ab", "#5b8c5a", "#7d5ba6", "#4fb0ae", "#6b7f94", "#8aa62b", "#3f6fd1", "#93748a")
DASHES = ("", "6 3", "2 3", "8 3 2 3")

STYLE = """
  text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 } .small { font-size: 11px; fill: #57606a }
  .paper { fill: #ffffff } .grid { stroke: #d0d7de; stroke-width: 1 }
  .fine { stroke: #eaeef2; stroke-width: 1 }
  .frame { fill: none; stroke: #8c959f; stroke-width: 1 }
  .hollow { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .paper, .hollow { fill: #0d1117 }
    .grid { stroke: #30363d } .fine { stroke: #1c2128 } .frame { stroke: #656c76 }
  }
"""


@dataclass(frozen=True)
class Look:
    """How a system is drawn."""

    colour: str
    dash: str
    width: float


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis: values from `low` to `high` lie from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """The pixel of a value."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[tuple[float, bool]]:
        """The values of the grid, and whether a number stands there."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        narrow = math.log10(self.high / self.low) < 2.2
        for power in decades:
            for digit in range(1, 10):
                value = digit * 10.0**power
                if self.low <= value <= self.high:
                    yield value, digit == 1 or (narrow and digit in (2, 5))


@dataclass(frozen=True)
class Panel:
    """One diagram: what is drawn, its title, and where it lies."""

    title: str
    value: Callable[[Figure], float]
    left: float

    def axes(self, shown: Sequence[Figure]) -> tuple[Axis, Axis]:
        """The axes that hold all points with some room."""
        across = [float(figure.n) for figure in shown]
        up = [self.value(figure) for figure in shown]
        right, bottom = self.left + PANEL_WIDTH, TOP + PANEL_HEIGHT
        return Axis(*spread(across), self.left, right), Axis(*spread(up), bottom, TOP)


PANELS = (
    Panel("Processor seconds of both parties", lambda figure: figure.cpu, LEFTS[0]),
    Panel("Bytes on the wire for each string of a side", lambda figure: figure.sent / figure.n, LEFTS[1]),
)


def draw(shown: Sequence[Figure], machine: str) -> str:
    """The whole picture."""
    names = sorted({figure.system for figure in shown}, key=lambda name: (not is_ours(name), name))
    looks = choose_looks(names)
    label = "Ours and every peer: processor seconds and bytes against the number of strings a side"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        text(LEFTS[0], 28, "Private match of n strings a side, half of them common", "title"),
    ]
    for panel in PANELS:
        drawn = [figure for figure in shown if panel.value(figure) > 0]
        if drawn:
            parts += draw_panel(panel, drawn, looks)
    parts += draw_legend(looks, fit_exponents(shown, "cpu"))
    processor, *versions = machine.splitlines()
    parts.append(text(LEFTS[0], HEIGHT - 30, f"{processor}. {' '.join(versions)}", "small"))
    parts.append(text(LEFTS[0], HEIGHT - 14, explain(shown), "small"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def explain(shown: Sequence[Figure]) -> str:
    """What the points and exponents are."""
    repeats = [figure.repeats for figure in shown]
    runs = str(min(repeats)) if min(repeats) == max(repeats) else f"{min(repeats)} to {max(repeats)}"
    said = f"Medians of {runs} runs; n^e is fitted to processor seconds from {readable(FIT_FROM)} on."
    return said + (" Hollow: a wrong answer." if any(figure.result != EXACT for figure in shown) else "")


def draw_panel(panel: Panel, shown: Sequence[Figure], looks: dict[str, Look]) -> Iterator[str]:
    """Grid, axes, and the line of each system."""
    across, up = panel.axes(shown)
    bottom = TOP + PANEL_HEIGHT
    yield text(panel.left, TOP - 12, panel.title)
    for value, numbered in sorted(across.ticks(), key=lambda tick: tick[1]):
        yield line(across.place(value), TOP, across.place(value), bottom, "grid" if numbered else "fine")
        if numbered:
            yield text(across.place(value), bottom + 18, readable(value), anchor="middle")
    for value, numbered in sorted(up.ticks(), key=lambda tick: tick[1]):
        yield line(panel.left, up.place(value), across.end, up.place(value), "grid" if numbered else "fine")
        if numbered:
            yield text(panel.left - 8, up.place(value) + 4, readable(value), anchor="end")
    yield (f'<rect class="frame" x="{panel.left}" y="{TOP}" width="{PANEL_WIDTH}" height="{PANEL_HEIGHT}"/>')
    yield text(panel.left + PANEL_WIDTH / 2, bottom + 38, "n, strings a side", anchor="middle")
    # Ours last, on top of the others.
    for name, look in reversed(looks.items()):
        points = sorted((figure.n, panel.value(figure), figure) for figure in shown if figure.system == name)
        places = [(across.place(n), up.place(value), figure) for n, value, figure in points]
        yield from draw_line(places, look)


def draw_line(places: Sequence[tuple[float, float, Figure]], look: Look) -> Iterator[str]:
    """The points of a system and the line through them."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
    stroke = f'stroke="{look.colour}" stroke-width="{look.width}"'
    yield f'<polyline points="{path}" fill="none" {stroke} stroke-dasharray="{look.dash}"/>'
    for x, y, figure in places:
        exact = figure.result == EXACT
        fill = f'fill="{look.colour}"' if exact else f'class="hollow" {stroke}'
        said = f"{figure.system}, {figure.n:,}: {figure.cpu:.3g} s, {figure.sent:,.0f} bytes, {figure.result}"
        size = look.width + 1.5
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {fill}><title>{escape(said)}</title></circle>'


def draw_legend(looks: dict[str, Look], exponents: dict[str, float]) -> Iterator[str]:
    """Names in columns, with their exponents."""
    step = (WIDTH - LEFTS[0] - 20) / LEGEND_COLUMNS
    for at, (name, look) in enumerate(looks.items()):
        x = LEFTS[0] + step * (at % LEGEND_COLUMNS)
        y = LEGEND_TOP + LEGEND_STEP * (at // LEGEND_COLUMNS)
        stroke = f'stroke="{look.colour}" stroke-width="{look.width}" stroke-dasharray="{look.dash}"'
        yield f'<line x1="{x}" y1="{y - 4}" x2="{x + 30}" y2="{y - 4}" {stroke}/>'
        growth = f", n^{exponents[name]:.2f}" if name in exponents else ""
        yield text(x + 38, y, name + growth)


def choose_looks(names: Sequence[str]) -> dict[str, Look]:
    """A look for each name. A variant of ours, named as the plain one and more, has its colour, dashed."""
    ours = [name for name in names if is_ours(name)]
    peers = [name for name in names if not is_ours(name)]
    plain = [name for name in ours if not any(name.startswith(f"{other}-") for other in ours)]
    looks = {}
    for name in ours:
        at = next(at for at, other in enumerate(plain) if name == other or name.startswith(f"{other}-"))
        looks[name] = Look(OURS[at % len(OURS)], "" if name in plain else "9 4", 3)
    for at, name in enumerate(peers):
        looks[name] = Look(PEERS[at % len(PEERS)], DASHES[at % len(DASHES)], 1.8)
    return looks


def is_ours(name: str) -> bool:
    """Whether this is a system of this project."""
    return name.startswith("ours")


def spread(values: Sequence[float]) -> tuple[float, float]:
    """The least and largest value with some room on both sides."""
    room = max(ROOM, ROOM * math.log10(max(values) / min(values)) / 2)
    return min(values) / 10**room, max(values) * 10**room


def readable(value: float) -> str:
    """A number of an axis: plain below 10,000, else a power of ten."""
    if value < 10_000:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    digits = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
    factor = round(value / 10**power)
    return f"10{digits}" if factor == 1 else f"{factor}·10{digits}"


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    """A line of text."""
    style = f'class="{style}" ' if style else ""
    return f'<text {style}x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A straight line."""
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def main(source: Path, out: Path) -> None:
    """Draw the picture, and print what was fitted."""
    results = read_results(source)
    shown = figures(results)
    if not shown:
        raise SystemExit(f"there are no runs in {source}")
    out.write_text(draw(shown, results["machine"]), encoding="utf-8")
    for name, exponent in fit_exponents(shown, "cpu").items():
        print(f"{name}: CPU grows as n^{exponent:.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
