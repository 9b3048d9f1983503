"""A report as one page of HTML that asks nothing of anybody: charts, tables and the library that draws them inside."""

from __future__ import annotations

from html import escape

from plotly.offline import get_plotlyjs

from discovery.charts import html
from discovery.charts.reviewed import reviewed
from discovery.core.review import Review
from discovery.core.run import Run
from discovery.report import sections
from discovery.report.methods import running_title
from discovery.report.style import SHEETS, style

#: Nothing may be loaded from anywhere, whatever a name in the data holds.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
#: Draws every chart in the look of the screen; on paper in the light one, at the width of the page. Who opens the page
#: only to print it (`report.pdf`) says so in the address.
SCRIPT = """
const printing = location.hash === "#print";
const dark = matchMedia("(prefers-color-scheme: dark)");
const charts = [...document.querySelectorAll("script.figure")].map(
  (data) => [data.previousElementSibling.querySelector(".chart"), JSON.parse(data.textContent)]);
function draw(paper) {
  for (const [place, looks] of charts) {
    const {data, layout} = structuredClone(looks[dark.matches && !paper ? "dark" : "light"]);
    if (paper) layout.width = looks.half ? WIDTH / 2 - 12 : WIDTH;
    Plotly.react(place, data, layout, {displayModeBar: false, responsive: !paper});
  }
}
draw(printing);
dark.addEventListener("change", () => draw(printing));
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw(printing));
"""


def page(review: Review, before: Run, now: Run, paper: str = "A4") -> str:
    """Return the page, with all that it shows, for a screen and for this paper."""
    title = running_title(review, now)
    segments = reviewed(review)
    links = [
        ("decisions", "Decisions"),
        ("moved", "Who moved"),
        ("changed", "What they do now"),
        ("drift", "What drifted"),
        *((f"segment-{s.id}", s.name) for s in segments),
        ("methods", "How this was measured"),
    ]
    listed = "".join(f'<li><a href="#{escape(to)}">{escape(words)}</a></li>' for to, words in links)
    body = (
        sections.decisions(review)
        + sections.moved(review)
        + sections.changed(review, now)
        + "".join(sections.one(review, now, s) for s in segments)
        + sections.last(review, before, now)
    )
    script = SCRIPT.replace("WIDTH", str(SHEETS[paper].chart_width))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style(paper, title)}</style></head>"
        f'<body class="sd">{html.text(title, "p", "sd-eyebrow screen")}'
        f'<nav aria-label="Contents"><ul>{listed}</ul></nav><main>{body}</main>'
        f"<script>{get_plotlyjs()}</script><script>{script}</script></body></html>\n"
    )
