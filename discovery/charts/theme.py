"""One place for colours, fonts and layout of every chart, light and dark."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

ThemeName = Literal["light", "dark"]

#: Streamlit ships the first with itself, so no page asks another host for a font.
FONT = '"Source Sans", "Source Sans Pro", "Segoe UI", "Helvetica Neue", Arial, sans-serif'
NOTHING = "rgba(0,0,0,0)"
#: Row height of charts that list segments from top to bottom, and what stands above and below the rows.
ROW = 46
FRAME = 84
#: Height of a title of two lines.
TITLE = 56


@dataclass(frozen=True)
class Theme:
    """Colours of one ground. Segments bring their own; these are for everything else.

    Parameters
    ----------
    name : str
        ``light`` or ``dark``.
    ground, ink, muted, line, band : str
        Page, text, secondary text, grid lines, and the grey of a null or a reference.
    accent : str
        The one colour of actions and of what was chosen.
    low, middle, high : str
        Diverging scale: below everyone, same as everyone, above everyone. All three carry `ink` as text.
    deep : str
        Full end of the one-hue scale that starts at `middle`.
    passed, warned, failed, untested : str
        Verdicts; each reaches 4.5:1 as text on the ground.
    """

    name: ThemeName
    ground: str
    ink: str
    muted: str
    line: str
    band: str
    accent: str
    low: str
    middle: str
    high: str
    deep: str
    passed: str
    warned: str
    failed: str
    untested: str

    @property
    def colours(self) -> frozenset[str]:
        """Every colour of this theme."""
        return frozenset(v for k, v in vars(self).items() if k != "name") | {NOTHING}


LIGHT = Theme(
    name="light",
    ground="#FFFFFF",
    ink="#1F2328",
    muted="#5C6570",
    line="#E4E7EB",
    band="#DADDE2",
    accent="#0B6E69",
    low="#86B6DE",
    middle="#F3F3F1",
    high="#F2AE74",
    deep="#6FB7B2",
    passed="#1A7443",
    warned="#8A5A00",
    failed="#B3261E",
    untested="#5C6570",
)
DARK = Theme(
    name="dark",
    ground="#121417",
    ink="#E8EAED",
    muted="#A0A9B4",
    line="#2B3037",
    band="#3A4048",
    accent="#4FC3BC",
    low="#1F5C93",
    middle="#23272D",
    high="#95490F",
    deep="#1C6F6A",
    passed="#5CC98F",
    warned="#E3B341",
    failed="#FF8A80",
    untested="#A0A9B4",
)


def theme(name: str | None) -> Theme:
    """Return the theme called `name`; light where it is not known, as on a first load."""
    return DARK if name == "dark" else LIGHT


def plain(text: str, width: int = 0) -> str:
    """Return `text` safe to stand in a figure, broken into lines of at most `width` characters (0: one line).

    Plotly reads a few HTML tags in text; a segment's name must never be one of them.

    Examples
    --------
    >>> plain("A <b> name", 6)
    'A &lt;b&gt;<br>name'
    """
    lines = textwrap.wrap(text, width) if width else [text]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def figure(title: str, look: Theme, height: int, traces: Any = (), **layout: Any) -> go.Figure:
    """Return a figure with the house's frame: transparent paper, no boxes, the finding as its title."""
    text = plain(title, 92)
    base: dict[str, Any] = {
        "title": {
            "text": text,
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            # Plotly sets the last line of a title at its anchor, so further lines need room above.
            "pad": {"l": 4, "t": 8 + 20 * text.count("<br>")},
            "font": {"size": 16, "color": look.ink, "family": FONT},
        },
        "font": {"family": FONT, "size": 13, "color": look.ink},
        "paper_bgcolor": NOTHING,
        "plot_bgcolor": NOTHING,
        "margin": {"l": 8, "r": 16, "t": TITLE, "b": 8},
        "height": height,
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {
            "bgcolor": look.ground,
            "bordercolor": look.line,
            "font": {"family": FONT, "size": 13, "color": look.ink},
            "align": "left",
        },
        "modebar": {"bgcolor": NOTHING, "color": look.muted, "activecolor": look.accent},
        # Zoom and selection of a chart survive a rerun as long as this stays the same.
        "uirevision": "steady",
    }
    # The default template brings colours of its own, which know nothing of light and dark.
    return go.Figure(data=traces, layout={"template": go.layout.Template(), **base, **layout})


def axis(title: str, look: Theme, **more: Any) -> dict[str, Any]:
    """Return one axis: a title with its unit, quiet lines, labels in secondary ink."""
    base: dict[str, Any] = {
        # Broken early: a narrow screen leaves little more than half its width to the plot.
        "title": {"text": plain(title, 32), "font": {"size": 12, "color": look.muted, "family": FONT}, "standoff": 10},
        "tickfont": {"size": 12, "color": look.muted, "family": FONT},
        "gridcolor": look.line,
        "linecolor": look.line,
        "tickcolor": look.line,
        "zeroline": False,
        "showline": False,
        "ticklabelstandoff": 6,
        "automargin": True,
        "exponentformat": "none",
        "separatethousands": True,
    }
    return {**base, **more}


def top_axis(look: Theme, title: str, values: list[str], names: list[str]) -> dict[str, Any]:
    """Return an axis of names along the top of a heat table."""
    return axis(
        title,
        look,
        side="top",
        automargin=False,
        showgrid=False,
        ticks="",
        tickangle=0,
        tickmode="array",
        tickvals=values,
        ticktext=names,
        tickfont={"family": FONT, "size": 12, "color": look.ink},
    )


def names_axis(
    look: Theme, names: Mapping[Any, str], title: str = "segment", size: int = 13, **more: Any
) -> dict[str, Any]:
    """Return the axis that lists values from top to bottom by their `names`, in full ink of `size` pixels."""
    return axis(
        title,
        look,
        **{
            "autorange": "reversed",
            "showgrid": False,
            "ticks": "",
            "tickmode": "array",
            "tickvals": list(names),
            "ticktext": list(names.values()),
            "tickfont": {"size": size, "color": look.ink, "family": FONT},
            **more,
        },
    )


def heads(labels: Sequence[str]) -> int:
    """Return the top margin of a chart with these labels, and their axis title, between its title and its plot."""
    return TITLE + 34 + 16 * max((label.count("<br>") + 1 for label in labels), default=1)


def note(text: str, look: Theme, **where: Any) -> dict[str, Any]:
    """Return an annotation in secondary ink, without an arrow."""
    return {
        "text": text,
        "showarrow": False,
        "font": {"size": 12, "color": look.muted, "family": FONT},
        **where,
    }


def tall(labels: Sequence[str], least: int = ROW) -> int:
    """Return the height of a chart with these labels from top to bottom: none is printed over the next."""
    lines = max((label.count("<br>") + 1 for label in labels), default=1)
    return FRAME + max(least, 17 * lines + 10) * max(len(labels), 2)


def dense(labels: Sequence[str]) -> int:
    """Return the height of a chart whose rows need no more than their labels, of 12 pixels, do.

    With fewer than five rows the words of the axes would run over each other and the bars.
    """
    return FRAME + (4 + 16 * max((label.count("<br>") + 1 for label in labels), default=1)) * max(len(labels), 5)
