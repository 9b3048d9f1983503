"""The members of a run's segments as lists for spreadsheets, other programs, Meta and Google."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from discovery.core.errors import UsageError
from discovery.core.run import Run
from discovery.core.segment import Segmentation
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier
from discovery.export.members import FORMS, PROFILE, Channel, member_list, safe_cell
from discovery.rules.library import slug
from discovery.store import Workspace


@dataclass(frozen=True)
class ListedSegment:
    """One segment's list: its file, how many are on it, and how many were left out and why."""

    segmentation: str
    name: str
    file: str
    listed: int
    without_consent: int
    without_identifier: int


@dataclass(frozen=True)
class MemberExport:
    """Lists of members: name to text, and what each holds."""

    files: Mapping[str, str]
    segments: tuple[ListedSegment, ...]


def list_of(segmentation: Segmentation, customers: pd.Index) -> str:
    """Return some customers as a CSV that is safe to open: who they are, and their segments."""
    names = {s.id: safe_cell(s.name) for s in segmentation.segments}
    segments = segmentation.labels.reindex(customers).map(names).to_numpy()
    return pd.DataFrame({"customer_id": customers.astype(str).map(safe_cell), "segment": segments}).to_csv(index=False)


def export_members(
    run: Run, workspace: Workspace, form: str = "spreadsheet", channel: Channel | None = "email", segmentation: str = ""
) -> MemberExport:
    """Return one CSV for each segment in use: its members by their labels, not by a rule's approximation.

    Parameters
    ----------
    run : Run
        Whose segments.
    workspace : Workspace
        Whose profiles: e-mail address, phone, country, consent.
    form : str
        ``spreadsheet`` (safe to open), ``machine`` (unchanged), ``meta`` or ``google`` (hashed).
    channel : str or None
        Only who allows ``email`` or ``sms``; None: everybody, for analysis.
    segmentation : str
        Which one; empty: the recommended one.

    Returns
    -------
    MemberExport
        File name to text, and of each segment how many are listed, and left out for want of consent or identifier.
        Nothing is written or sent.

    Raises
    ------
    UsageError
        If the form is not known.
    WorkspaceError
        If there is no such segmentation, or the workspace holds no dataset.

    Notes
    -----
    Retired segments, and customers whom the segmentation does not place, are on no list.

    Examples
    --------
    >>> import discovery
    >>> workspace = discovery.open_workspace("work")
    >>> lists = discovery.export_members(discovery.load_run(workspace), workspace, segmentation="rules")
    >>> first = lists.segments[0]
    >>> first.file, first.listed + first.without_consent + first.without_identifier
    ('rules-champions.csv', 25)
    """
    if form not in FORMS:
        raise UsageError(f"--for must be one of {', '.join(FORMS)}, got {form!r}.")
    chosen = run.segmentation(segmentation or run.recommended)
    dataset = workspace.needed_dataset()
    columns = ", ".join(identifier(name) for name in ("customer_id", *PROFILE))
    with Engine() as engine:
        people = engine.frame(f"SELECT {columns} FROM {engine.table(dataset.profiles_path)}")
    people = people.set_index("customer_id").reindex(chosen.labels.index).reset_index()
    files, segments = {}, []
    for each in (s for s in chosen.placed if not s.retired):
        inside = (chosen.labels == each.id).to_numpy()
        found = member_list(people[inside], form, channel)
        file = f"{chosen.name}-{slug(each.name)}.csv"
        files[file] = found.table.to_csv(index=False)
        counts = (len(found.table), found.without_consent, found.without_identifier)
        segments.append(ListedSegment(chosen.name, each.name, file, *counts))
    return MemberExport(files, tuple(segments))
