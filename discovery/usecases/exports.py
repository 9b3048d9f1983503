"""The rules of a run as other systems take them: text files, and segments of Klaviyo with what they need."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from discovery.core.errors import UsageError
from discovery.core.rule import Condition
from discovery.core.run import Run, SegmentRule
from discovery.engine.sql import translate
from discovery.export import FORMATS
from discovery.export.hubspot import filter_branch
from discovery.export.nested_json import segment
from discovery.export.yaml import document
from discovery.rules.library import as_entries, slug
from discovery.usecases.measuring import selection_sql
from discovery.usecases.selected import selection_told

#: The first day an archive can state: no clock here.
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)


def export_run(run: Run, form: str, dialect: str = "duckdb", segmentation: str = "") -> dict[str, str]:
    """Return the rules of a run's segments as files: name to text.

    Parameters
    ----------
    run : Run
        Whose rules.
    form : str
        ``yaml`` (one file per segmentation), ``sql`` (one query per segment), ``english`` (one text), ``hubspot`` (one
        list's filter branch per segment) or ``segment-json`` (one nested condition per segment, as Apache Unomi's).
    dialect : str
        Of SQL: one of ``DIALECTS``.
    segmentation : str
        Which one; empty: all that have rules.

    Returns
    -------
    dict of str to str
        File name to text; nothing is written. Retired segments are left out.

    Raises
    ------
    UsageError
        If the form or the dialect is not known, there is no rule to export, or a rule cannot be said in that form.
    WorkspaceError
        If there is no such segmentation.

    Notes
    -----
    A rule induced from a cluster selects nearly the segment, and not exactly: its fidelity stands in the English text.
    Who is in the segment is what `export_members` lists.

    Examples
    --------
    >>> import discovery
    >>> run = discovery.load_run(discovery.open_workspace("work"))
    >>> files = discovery.export_run(run, "english", segmentation="rules")
    >>> words, selected = files["segments.txt"].splitlines()[1].split(". ")
    >>> print(words)
    rules · New customers: Customers with exactly 1 order, and at most 60 days since first order
    >>> print(selected)
    It selects 11 customers at 2025-10-01: exactly the segment.
    """
    if form not in FORMATS:
        raise UsageError(
            f"The form must be one of {', '.join(FORMATS)}; got {form!r}. Segments of Klaviyo are made by "
            "export_klaviyo, lists of members by export_members."
        )
    chosen = chosen_rules(run, segmentation)
    match form:
        case "yaml":
            return {f"{name}.yaml": _yaml(run, rules) for name, rules in _by_segmentation(chosen).items()}
        case "sql":
            return {f"{file_stem(r)}.sql": _sql(run, r, dialect) for r in chosen}
        case "english":
            return {"segments.txt": "".join(f"{_english(run, r)}\n" for r in chosen)}
    features = {f.name: f for f in run.table.features}
    made: dict[str, Any] = {}
    for each in chosen:
        where, stem = each.rule.where, file_stem(each)
        made[stem] = filter_branch(where, features) if form == "hubspot" else segment(stem, each.rule.name, where)
    return {f"{stem}.json": json_text(body) for stem, body in made.items()}


def zipped(files: Mapping[str, str]) -> bytes:
    """Return files as one archive; the same files give the same bytes.

    Examples
    --------
    >>> zipped({"a.txt": "hello"}) == zipped({"a.txt": "hello"})
    True
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DAY), text, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def chosen_rules(run: Run, segmentation: str) -> list[SegmentRule]:
    """Return the rules of a segmentation, or of all, but for retired segments; there must be one."""
    if segmentation:
        run.segmentation(segmentation)
    retired = {(s.name, x.id) for s in run.segmentations for x in s.segments if x.retired}
    chosen = [
        r
        for r in run.rules
        if segmentation in ("", r.segmentation) and (r.segmentation, r.rule.segment_id) not in retired
    ]
    if not chosen:
        raise UsageError(f"Run {run.id} has no rules{f' for {segmentation}' if segmentation else ''} to export.")
    return chosen


def file_stem(ruled: SegmentRule) -> str:
    """Return what a rule's file is called, without its ending."""
    return f"{ruled.segmentation}-{slug(ruled.rule.name)}"


def json_text(body: object) -> str:
    """Return JSON that a person can read."""
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _by_segmentation(rules: Sequence[SegmentRule]) -> dict[str, list[SegmentRule]]:
    out: dict[str, list[SegmentRule]] = {}
    for each in rules:
        out.setdefault(each.segmentation, []).append(each)
    return out


def _yaml(run: Run, rules: Sequence[SegmentRule]) -> str:
    made = "induced from run" if any(r.rule.fidelity for r in rules) else "that people wrote, as they divide run"
    heading = [f"Rules {made} {run.id}, at {run.as_of}.", "A rule may select a customer that another selects too."]
    heading += [f"{r.rule.name}: {' '.join(selection_told(run, r))}" for r in rules]
    return document(as_entries([r.rule for r in rules]), "\n".join(heading))


def _sql(run: Run, ruled: SegmentRule, dialect: str) -> str:
    tables = f"Run {run.id}; tables as in the workspace's dataset folder."
    said = "\n".join((ruled.rule.name, ruled.english, *selection_told(run, ruled), tables))
    # A name that somebody gave may hold a line of its own, which would be read as SQL.
    heading = "".join(f"-- {line}\n" for line in said.splitlines())
    return heading + translate(_selection(run, ruled.rule.where), dialect) + "\n"


def _selection(run: Run, where: Condition) -> str:
    return selection_sql(where, {f.name: f for f in run.table.features}, run.as_of, run.table.cutoffs)


def _english(run: Run, ruled: SegmentRule) -> str:
    told = " ".join((ruled.english, *selection_told(run, ruled)))
    return f"{ruled.segmentation} · {ruled.rule.name}: {told}"
