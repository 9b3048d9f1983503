"""The command that explains one customer: why they are in their segment, which is next, what would move them."""

from __future__ import annotations

from typing import Annotated

import typer

from discovery import service
from discovery.commands.terminal import AsJson, InWorkspace, RunName, answer


def explain(
    run_id: RunName,
    customer: Annotated[str, typer.Argument(help="The customer's id, exactly as the data give it.")],
    workspace: InWorkspace,
    segmentation: Annotated[str, typer.Option(help="Such as kmeans; empty: the recommended one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say why a customer is in their segment, which segment is next, and what would move them there."""
    run = service.load_run(service.open_workspace(workspace), run_id)
    found = service.explain_customer(run, customer, segmentation)
    where = f"{customer} is in “{found.segment_name}” ({run.segmentation(found.segmentation).title})."
    following = f"Next: “{found.next_segment_name}”." if found.next_segment_id else ""
    answer(found, as_json, "\n".join((where, *found.why, following, *found.move)).strip())
