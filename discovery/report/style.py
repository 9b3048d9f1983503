"""The style sheet of a report: for a screen, light or dark, and for paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from discovery.charts.sheet import components
from discovery.charts.theme import DARK, FONT, LIGHT, Theme


@dataclass(frozen=True)
class Sheet:
    """What of a paper is left between margins of 2 cm, in CSS pixels, and how small type and charts are on it.

    Letter is shorter: what fills a page of A4 must still be one page. Charts are drawn larger and shrunk, so that their
    words are no larger than those of the text.
    """

    width: int
    type_size: float
    shrunk: float

    @property
    def chart_width(self) -> int:
        """Width at which a chart is drawn, before it is shrunk."""
        return round(self.width / self.shrunk)


SHEETS: Mapping[str, Sheet] = {"A4": Sheet(640, 10.4, 0.72), "Letter": Sheet(662, 9.8, 0.67)}

_GROUND = """
html {{ background: {ground}; color: {ink}; color-scheme: {name}; }}
nav a, a {{ color: {accent}; }}
section {{ border-top: 1px solid {line}; }}
"""
_SHAPE = """
html { font-size: 16px; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 1180px; }
main section { margin-top: 2.2rem; padding-top: 1.2rem; }
.sd h2 { font-size: 1.35rem; margin: 0 0 0.4rem; letter-spacing: -0.005em; }
.sd h2 .sd-swatch { width: 0.85em; height: 0.85em; }
.sd .sd-tiles + h2, .sd div + h2 { margin-top: 1.4rem; }
.sd h3 { margin: 1.4rem 0 0.2rem; }
figure { margin: 0; }
.chart { width: 100%; }
.wide { overflow-x: auto; }
.wide > .chart { min-width: 600px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.4rem; align-items: start; }
.pair > * { min-width: 0; }
.sd .source { font-size: 0.78rem; margin: 0.35rem 0 0; overflow-wrap: anywhere; }
.sd .source code { background: none; padding: 0; font-size: 1em; color: inherit; }
.sd p.lead { font-size: 1.05rem; }
.sd p.verdict { font-size: 1.05rem; max-width: 52rem; }
.sd p.verdict .sd-chip { margin-right: 0.5em; }
.sd nav ul { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; list-style: none; padding: 0; max-width: none; }
.sd-tiles { grid-template-columns: repeat(4, 1fr); }
nav a { text-decoration: none; }
nav a:hover, nav a:focus-visible { text-decoration: underline; }
.pair .sd-table th.num { min-width: 0; }
.sd-swatch { box-sizing: border-box; }
.sd-swatch, .sd-chip { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
@media screen and (max-width: 720px) {
  body { padding: 1.2rem 1rem 3rem; }
  .pair { grid-template-columns: 1fr; }
  .sd h1 { font-size: 1.4rem; }
  .sd-tiles { grid-template-columns: 1fr 1fr; }
  .sd-table .prose { min-width: 18rem; }
  .sd-table .name { min-width: 7.5rem; max-width: 9.5rem; }
  .stacked thead { position: absolute; clip-path: inset(50%); }
  .stacked tr { display: grid; grid-template-columns: 1fr auto; gap: 0.1rem 1rem; padding: 0.6rem 0; }
  .stacked .sd-table td { border: 0; padding: 0; max-width: none; text-align: left; }
  .stacked .sd-table td.prose { grid-column: 1 / -1; min-width: 0; }
  .stacked td:nth-child(4)::before { content: "before "; }
  .stacked td:nth-child(5)::before { content: "now "; }
  .stacked td.num { color: inherit; opacity: 0.75; font-size: 0.9em; }
}
"""
#: On paper a table is as wide as the page, nothing scrolls, and what belongs together stays on one page.
_PAPER = """
@media print {
  html { font-size: TYPEpx; }
  body { padding: 0; max-width: none; }
  nav, .screen { display: none; }
  .sd h1, .sd h2, .sd h3 { break-after: avoid; }
  .sd h1 { font-size: 2rem; }
  .sd h2 { font-size: 1.7rem; }
  .sd h3 { font-size: 1.15rem; }
  .sd p, .sd ul, .sd p.verdict { max-width: none; }
  .sd p, .sd li { orphans: 3; widows: 3; }
  main section { break-before: page; border: 0; margin: 0; padding: 0; }
  main section.first { break-before: auto; }
  figure, .keep, .sd-tiles { break-inside: avoid; }
  .sd-scroll, .wide { overflow: visible; }
  .chart { zoom: SHRUNK; }
  .wide > .chart { min-width: 0; }
  .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; }
  .sd-table thead { display: table-header-group; }
  .sd-table tr { break-inside: avoid; }
  .sd-table { font-size: 0.95rem; }
  .sd-table .name { min-width: 11em; max-width: none; width: 24%; }
  .sd-table .prose, .sd-table .words { min-width: 0; }
  .sd-table .num { white-space: normal; padding-left: 0; }
  .sd-table th.num { min-width: 0; }
  .sd-table th, .sd-table td { padding-right: 0.5rem; padding-top: 0.16rem; padding-bottom: 0.16rem; }
  .sd-table .sticky { position: static; }
  .sd-table .sd-swatch { width: 0.85em; height: 0.85em; top: 0; }
  .source { color: inherit; }
}
"""


def style(paper: str, title: str) -> str:
    """Return the whole sheet; `title` runs along the top of every printed page."""
    page = f"""
@page {{
  size: {paper}; margin: 2cm;
  @top-left {{ content: {_quoted(title)}; {_margin_box()} }}
  @bottom-right {{ content: "Page " counter(page) " of " counter(pages); {_margin_box()} }}
}}
"""
    dark = f"@media screen and (prefers-color-scheme: dark) {{ {_coloured(DARK)} }}"
    sheet = SHEETS[paper]
    on_paper = _PAPER.replace("TYPE", str(sheet.type_size)).replace("SHRUNK", str(sheet.shrunk))
    return f"{_coloured(LIGHT)}{dark}{_SHAPE}{on_paper}{page}"


def _coloured(look: Theme) -> str:
    return components(look) + _GROUND.format(**vars(look))


def _margin_box() -> str:
    return f"font: 8pt {FONT}; color: {LIGHT.muted};"


def _quoted(text: str) -> str:
    """Return `text` as a string of CSS that can end neither itself nor its style element."""
    return '"' + "".join(c if c.isalnum() or c in " .,:-" else f"\\{ord(c):x} " for c in text) + '"'
