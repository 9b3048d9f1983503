"""The parts of a page: a chart with its table and its file, a table with its file, sentences. All text is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

import pandas as pd
import plotly.graph_objects as go

from discovery.charts import html
from discovery.charts.theme import DARK, LIGHT, Theme
from discovery.core.segment import Segment


def chart(
    draw: Callable[[Theme], go.Figure],
    alt: str,
    table: str,
    wide: bool = False,
    half: bool = False,
) -> str:
    """Return a chart, its finding above it and its table under it.

    The figure travels in both looks as JSON; the page's script draws it. `wide` keeps its width on a narrow screen;
    `half` stands beside something else on paper.
    """
    light, dark = (draw(look) for look in (LIGHT, DARK))
    finding = (light.layout.title.text or "").replace("<br>", " ")
    words = escape(f"{alt} {re.sub('<[^>]*>', '', finding)}", quote=True).replace("&amp;amp;", "&amp;")
    height = round(light.layout.height or 400) - 44
    figures = ",".join(f'"{look.name}":{_untitled(each)}' for look, each in ((LIGHT, light), (DARK, dark)))
    # An end of a script element within a text would end this one.
    data = f'{{{figures},"half":{"true" if half else "false"}}}'.replace("</", "<\\/").replace("<!--", "<\\!--")
    picture = (
        f'<div class="{"wide" if wide else "whole"}"><div class="chart" role="img" aria-label="{words}" '
        f'style="height:{height}px"></div></div><script type="application/json" class="figure">{data}</script>'
    )
    return f"<figure><h3>{finding}</h3>{picture}</figure>{table}"


def table(frame: pd.DataFrame, source: str, segments: Sequence[Segment] = (), caption: str = "") -> str:
    """Return a table and the file its numbers come from; nothing where it has no rows."""
    if frame.empty:
        return ""
    head = html.text(caption, "h3") if caption else ""
    return f'<div class="keep">{head}{html.table(frame, segments)}{whence(source)}</div>'


def whence(source: str) -> str:
    """Return the line that says which file of the workspace the numbers are from."""
    return f'<p class="source muted">From <code>{escape(source)}</code></p>'


def sentences(words: Iterable[str]) -> str:
    """Return sentences as a list; nothing where there are none."""
    items = "".join(html.text(each, "li") for each in words)
    return f"<ul>{items}</ul>" if items else ""


def section(name: str, title: str, inner: str, before: str = "") -> str:
    """Return one part of the page under its heading; `before`, already safe, stands before the heading's words."""
    return f'<section id="{escape(name)}"><h2>{before}{escape(title)}</h2>{inner}</section>'


def _untitled(figure: go.Figure) -> str:
    # The page sets the title, because plotly cannot break a line where the screen is narrow.
    lifted = max((figure.layout.margin.t or 0) - 44, 12)
    shown = go.Figure(figure).update_layout(
        title={"text": ""}, margin={"t": lifted}, height=(figure.layout.height or 400) - 44
    )
    return str(shown.to_json())
