"""The command of breakdowns: a rate or an amount by places, bands, tiers or answers, segment by segment."""

from __future__ import annotations

from typing import Annotated

import typer

from discovery import service
from discovery.commands.terminal import AsJson, InWorkspace, RunName, answer, console, grid
from discovery.core.errors import UsageError, nearest


def breakdown(
    run_id: RunName,
    workspace: InWorkspace,
    by: Annotated[str, typer.Option(help="What to break down by, such as country, place or aov_band.")],
    across: Annotated[str, typer.Option(help="What to cross it with; the segments unless stated.")] = "segment",
    measure: Annotated[str, typer.Option(help="What to measure, such as ordered, revenue or customers.")] = "customers",
    segmentation: Annotated[str, typer.Option(help="Such as kmeans; empty: the recommended one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print a rate or an amount for every group of customers, crossed with the segments or anything else.

    Cells of fewer than 10 customers show their number, and no rate or amount; nor do cells that would give one away by
    subtraction. A place is a square of one degree that at least 10 customers share; --json says where its middle is.
    """
    # Charts take half a second to load, which no other command should wait for.
    from discovery.charts.crossed import cross, crossed_data, crossed_table
    from discovery.charts.geography import PLACE, places
    from discovery.charts.groups import grouped, groupings, holds
    from discovery.charts.measures import measures, revenue

    run = service.load_run(service.open_workspace(workspace), run_id)
    segments = segmentation or run.recommended
    run.segmentation(segments)
    at = places(run) if PLACE in (by, across) and holds(run, "latitude") else None
    ways = [*groupings(run), *([PLACE] if holds(run, "latitude") else [])]
    for option, name in (("--by", by), ("--across", across)):
        _known(option, name, ways)
    known = {m.name: m for m in (*measures(run), revenue(run))}
    _known("--measure", measure, list(known))
    rows, columns = (at.grouping if at and name == PLACE else grouped(run, segments, name) for name in (by, across))
    found = cross(run, rows, columns, known[measure])
    if as_json:
        head = {"run": run.id, "segmentation": segments, "by": by, "across": across, "measure": measure}
        unit = {"unit": found.measure.unit, "currency": run.currency}
        middles = {"middles": at.middles} if at else {}
        answer({**head, **unit, **middles, "cells": crossed_data(found).to_dict("records")}, True, "")
        return
    shown = crossed_table(found)
    table = grid(*map(str, shown.columns))
    for row in shown.itertuples(index=False):
        table.add_row(*map(str, row))
    console().print(f"{found.measure.label}, by {found.rows.label} and {found.columns.label}.")
    console().print(table)


def _known(option: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise UsageError(f"{option} must be one of {', '.join(known)}; got {name!r}. {nearest(name, known)}".rstrip())
