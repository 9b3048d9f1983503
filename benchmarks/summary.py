"""The headlines of all sections beside each other: what ours takes, what its peer takes, and the ratio.

``python -m benchmarks summary`` reads the tables of ``benchmarks/README.md`` and measures nothing itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parent / "README.md"


@dataclass(frozen=True)
class Headline:
    """One line: which column of which table of a section, our row of it, and the row of the peer, or a goal.

    Rows are told by how they begin. More is better where `more` says so; otherwise less is.
    """

    what: str
    section: str
    ours: str
    peer: str | float
    column: str = "CPU s"
    table: int = 0
    more: bool = False
    measure: str = ""


_F1 = "held-out macro F1 / worst segment"
_RECORDS = "summary of orders for lifetime models: "
_WITHOUT, _WITH = "groups found where there are no kinds", "found where there are"
HEADLINES = (
    Headline("the main job on Online Retail II", "main-job", "Online Retail II", 90),
    Headline("28 features, 50 M events", "features", "28 plain features: ours", "28 plain features: pandas", table=1),
    Headline("", "features", "28 plain features: ours", "28 plain features: Polars", table=1),
    Headline("all features, 50 M events", "features", "the whole vocabulary", "floor", table=1),
    Headline("summaries for lifetime models", "features", f"{_RECORDS}ours", f"{_RECORDS}lifetimes", table=1),
    Headline("200 rules at once, 50 M events", "many-rules", "870,000", 20),
    Headline("KMeans, 1 M customers", "scale", "**KMeans**", "scikit-learn KMeans"),
    Headline("", "scale", "**KMeans**", "scikit-learn MiniBatchKMeans"),
    Headline("the same, choosing k beside a null", "scale", "**KMeans with", 60),
    Headline("HDBSCAN, 20,000 customers", "scale", "**HDBSCAN**, where", "hdbscan"),
    Headline("", "scale", "**HDBSCAN**, where", "scikit-learn HDBSCAN"),
    Headline("", "scale", "**HDBSCAN**, where", "fast_hdbscan"),
    Headline("HDBSCAN, 1 M customers", "scale", "**HDBSCAN**", 60),
    Headline("mixture, 1 M customers, choosing k", "scale", "**mixture", 300),
    Headline("stability by segment, 100,000 customers", "scale", "**stability**", "stability by hand"),
    Headline(
        "rules, Online Retail II", "rules", "**inducer", "one-vs-rest tree", "Online Retail II", more=True, measure=_F1
    ),
    Headline("", "rules", "**inducer", "goal", "Online Retail II", more=True, measure=_F1),
    Headline("rules, CDNOW", "rules", "**inducer", "goal", "CDNOW", more=True, measure=_F1),
    Headline("rules, synthetic store", "rules", "**inducer", "goal", "synthetic", more=True, measure=_F1),
    Headline("stores without kinds", "usual", "**ours", "Gaussian mixture", _WITHOUT),
    Headline("", "usual", "**ours", "HDBSCAN", _WITHOUT),
    Headline("stores with kinds", "usual", "**ours", "KMeans, gap", _WITH, more=True),
    Headline("dashboard, 1 M customers: first page", "dashboard", "first page", 3, "s until drawn"),
)


def tables(text: str, section: str) -> list[list[dict[str, str]]]:
    """Return the tables of a section, each a list of rows, each a mapping of column to cell."""
    inside = text.partition(f"<!-- {section} -->")[2].partition(f"<!-- /{section} -->")[0]
    out = []
    for block in re.findall(r"(?:^\|.*\n?)+", inside, flags=re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines())
        # The column of what a row is about has another heading in every table.
        out.append([dict(zip(("", *head[1:]), row, strict=False)) for row in rows])
    return out


def told(headline: Headline, text: str) -> str:
    """Return one line of the summary, as Markdown."""
    rows = tables(text, headline.section)[headline.table]

    def row(begins: str) -> dict[str, str]:
        named = [r for r in rows if r[""] == begins] or [r for r in rows if r[""].startswith(begins)]
        if not named:
            raise SystemExit(f"Section {headline.section} must have a row {begins!r}, got {[r[''] for r in rows]}.")
        return named[0]

    ours, column = row(headline.ours)[headline.column], headline.column
    goal = isinstance(headline.peer, float | int)
    theirs = f"{headline.peer:g}" if goal else row(str(headline.peer))[column]
    beside = "goal" if goal else row(str(headline.peer))[""].strip("*")
    mine, other = _number(ours), _number(theirs)
    better = (mine / other if headline.more else other / mine) if mine and other else None
    ratio = f"{better:.3g} x" if better else ""
    lost = " **lost**" if better and better < 1 else ""
    return f"| {ratio}{lost} | {headline.what} | {headline.measure or column} | {ours} | {theirs} | {beside} |"


def _number(cell: str) -> float:
    return float(re.search(r"\d*\.?\d+", cell.replace(",", ""))[0])  # type: ignore[index]


def table(text: str) -> str:
    """Return the summary of the README's text, as Markdown."""
    head = ["| better by | what | measure | ours | beside it | what that is |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [told(each, text) for each in HEADLINES])


if __name__ == "__main__":
    print(table(README.read_text(encoding="utf-8")))
