"""How our pages look: one file, nothing loaded from elsewhere, light and dark, readable without its charts.

Every function gives HTML; texts are escaped here and nowhere else. Charts are bars inside tables, so that
whoever cannot see them reads the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1c2127;--soft:#59626d;--line:#dcd9d0;
--bar:#2f6f73;--range:#9cc5c3;--track:#e9e6dd;--warn:#9a4a12}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--card:#1b2126;--ink:#e8e6e1;--soft:#a3adb6;
--line:#333c44;--bar:#6fc0bd;--range:#33605f;--track:#2a3239;--warn:#f0a868}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.25rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}
p{margin:.35rem 0 .75rem;max-width:44rem}
.soft{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.75rem;margin:1.25rem 0 0;
padding:0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem}
.tiles dt{color:var(--soft);font-size:.875rem}
.tiles dd{margin:0;font-size:1.35rem;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}
.tiles dd+dd{font-size:.875rem;font-weight:400;color:var(--soft)}
.wide{overflow-x:auto}.wide+.wide{margin-top:1.25rem}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;color:var(--soft);padding:.25rem 0 .5rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;font-size:.8125rem;vertical-align:bottom}
tbody th{font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.n+td:not(.n),.n+th:not(.n){padding-left:.75rem}
.b{width:34%;min-width:7rem;padding-right:.75rem}
.b svg{display:block;width:100%;height:.8rem;margin-top:.35rem}
.track{fill:var(--track)}.full{fill:var(--bar)}.range{fill:var(--range)}.mid{fill:var(--bar)}
pre{overflow-wrap:anywhere;white-space:pre-wrap;font-size:.8125rem;color:var(--soft)}
p{overflow-wrap:anywhere}td.d{white-space:nowrap}td.w{min-width:15rem}
td.i,th.i{overflow-wrap:anywhere;min-width:5.5rem;font:.75rem/1.75 ui-monospace,monospace}
td.h{overflow-wrap:anywhere;min-width:11rem;font:.75rem/1.5 ui-monospace,monospace}
.rows{overflow-wrap:anywhere;color:var(--soft);font-size:.875rem}
ol.do{list-style:none;margin:0;padding:0}
ol.do li{display:grid;grid-template-columns:4.5rem 1fr;gap:0 1rem;padding:.7rem 0;
border-bottom:1px solid var(--line)}
ol.do .gain{font-size:1.15rem;font-weight:600;color:var(--bar);font-variant-numeric:tabular-nums}
ol.do p{margin:.1rem 0}
ol.money li{grid-template-columns:9.5rem 1fr}
ol.money .gain{font-size:1rem;overflow-wrap:anywhere}
.late{color:var(--warn)}.day{white-space:nowrap}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
footer{margin-top:2.5rem;color:var(--soft);font-size:.875rem}
@media (max-width:34rem){.b{display:none}ol.do li{grid-template-columns:3.5rem 1fr}
ol.money li{grid-template-columns:1fr}
table,caption,tbody,tr,tbody th,td{display:block}
thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden;white-space:nowrap}
tbody tr{padding:.55rem 0;border-bottom:1px solid var(--line)}
tbody th,td,td.h,td.i,td.w{border:0;padding:.1rem 0;min-width:0;overflow-wrap:anywhere}
td.b{display:none}
td[data-of],th[data-of]{display:grid;grid-template-columns:7.5rem 1fr;gap:0 .75rem;text-align:left}
.n+td:not(.n),.n+th:not(.n){padding-left:0}.n{white-space:normal}
[data-of]::before{content:attr(data-of);color:var(--soft);font:400 .8125rem/1.8 system-ui,sans-serif}}
@media print{body{background:#fff}h2,li,tr{break-inside:avoid}}
"""

#: Class of a cell by how it is laid out.
_FITS: Final = {"": "", "day": "d", "id": "i", "words": "w"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: its text, and whether it is a number or a digest; `chart` is HTML of ours beside it.

    `fit` is how it is laid out: "day" in one line, "id" broken anywhere, "words" never narrow.
    """

    text: str = ""
    number: bool = False
    chart: str = ""
    digest: bool = False
    fit: str = ""


def page(title: str, body: Iterable[str], language: str = "en") -> str:
    """A whole document; `body` is HTML."""
    # Nothing is loaded and no script runs, whatever a cell of an export says.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>",
            *body,
            "</main></body></html>",
            "",
        ]
    )


def heading(text: str) -> str:
    """The heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, *, soft: bool = False) -> str:
    """A paragraph."""
    kind = ' class="soft"' if soft else ""
    return f"<p{kind}>{escape(text)}</p>"


def limits_section(sentences: Iterable[str], title: str = "Limits") -> list[str]:
    """What a report cannot say, as its last section."""
    return [heading(title), *(paragraph(one) for one in sentences)]


def tiles(facts: Iterable[tuple[str, str, str]]) -> str:
    """Label, large text and small text of each of a few facts."""
    cells = [
        f"<div><dt>{escape(label)}</dt><dd>{escape(large)}</dd><dd>{escape(small)}</dd></div>"
        for label, large, small in facts
    ]
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table whose first cell in a row names it; a column is of numbers when its cells are."""
    lines = [list(row) for row in rows]
    numbers = [bool(lines) and lines[0][at].number for at in range(len(headings))]
    charts = [bool(lines) and bool(lines[0][at].chart) for at in range(len(headings))]
    head = "".join(
        f'<th scope="col"{" class=n" if number else " class=b" if chart else ""}>{escape(text)}</th>'
        for text, number, chart in zip(headings, numbers, charts, strict=True)
    )
    body = "".join(f"<tr>{_cells(line, headings)}</tr>" for line in lines)
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def bar(share: float) -> str:
    """A bar for a share between 0 and 1; the number stands beside it in the table."""
    return _svg(f'<rect class="full" width="{_at(share)}" height="10"/>')


def span_bar(low: float, middle: float, high: float) -> str:
    """A range of shares with its middle."""
    return _svg(
        f'<rect class="range" x="{_at(low)}" width="{_at(high - low)}" height="10"/>'
        f'<rect class="mid" x="{_at(max(middle - 0.004, 0.0))}" width="0.8" height="10"/>'
    )


def _svg(inside: str) -> str:
    return (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="10"/>{inside}</svg>'
    )


def _at(share: float) -> str:
    return f"{100 * share:.2f}"


def _cells(line: Sequence[Cell], headings: Sequence[str]) -> str:
    named = zip(line, headings, strict=True)
    return "".join(_cell(at, cell, of) for at, (cell, of) in enumerate(named))


def _cell(at: int, cell: Cell, of: str) -> str:
    name = "n" if cell.number else "b" if cell.chart else "h" if cell.digest else _FITS[cell.fit]
    kind = f' class="{name}"' if name else ""
    if of and (cell.text or cell.chart):
        kind += f' data-of="{escape(of)}"'  # On a phone rows are stacked, and each cell names its column.
    inside = escape(cell.text) + cell.chart
    return f'<th scope="row"{kind}>{inside}</th>' if at == 0 else f"<td{kind}>{inside}</td>"
