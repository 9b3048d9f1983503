"""The use cases: what a command, a page or a notebook asks for. Composes the stages and keeps nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from discovery import pipeline, rulebook
from discovery.core.compile import SettingRow, compile_settings, setting_rows
from discovery.core.dataset import Dataset
from discovery.core.errors import UsageError, WorkspaceError
from discovery.core.feature import Feature, FeatureTable
from discovery.core.progress import Progress, silent
from discovery.core.rule import Condition, Rule
from discovery.core.run import Run, SegmentRule
from discovery.engine.duckdb import Engine
from discovery.engine.sql import DIALECTS, translate
from discovery.export import targets
from discovery.export.yaml import document
from discovery.features.catalogue import CATALOGUE
from discovery.ingest.read import ingest as read_source
from discovery.ingest.simulate import simulate
from discovery.measuring import measure, selection_sql
from discovery.rulebook import Evaluation
from discovery.rules.evaluate import membership
from discovery.rules.faults import Finding
from discovery.rules.library import Library, as_entries, rules_from, slug
from discovery.rules.parse import to_text
from discovery.store import Config, RunSummary, Workspace, read_config, shipped

__all__ = [
    "DIALECTS",
    "FORMATS",
    "Config",
    "RunSummary",
    "Workspace",
    "config_rows",
    "discover",
    "evaluate_rule_file",
    "evaluate_rules",
    "export_run",
    "extract_features",
    "ingest",
    "lint_rules",
    "open_workspace",
    "read_canonical",
    "read_config",
    "read_klaviyo",
    "read_shopify",
    "read_table",
    "rule_text",
    "shipped",
    "simulate",
    "vocabulary",
]

#: What ``export_run`` can write.
FORMATS = ("yaml", "sql", "english")


def open_workspace(path: str | Path) -> Workspace:
    """Return the workspace at `path`.

    Raises
    ------
    WorkspaceError
        If there is no such folder, or a file is in its place.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise WorkspaceError(
            f"A workspace must be a folder, got {str(path)!r}, which does not exist. "
            "Make one with `discovery run CONFIG --workspace FOLDER`."
        )
    return Workspace(folder)


def discover(
    config: str | Path | Config,
    workspace: str | Path,
    *,
    as_of: date | None = None,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
) -> Run:
    """Return the Run of a config, kept in a workspace: features, segmentations, evidence, merges, rules.

    Parameters
    ----------
    config : path or Config
        A YAML file, or one already read.
    workspace : path
        Folder that keeps dataset and runs; made if missing, left as it was if the work fails.
    as_of : date, optional
        Instead of the config's: only events before midnight UTC at its start are seen.
    overrides : sequence of str
        ``name=value``, laid over the config.
    progress : callable
        Told step and fraction done.

    Raises
    ------
    SettingError, DataError, WorkspaceError
        Each with what to do.
    """
    read = config if isinstance(config, Config) else read_config(Path(config), overrides)
    return pipeline.discover(read, Workspace(Path(workspace)), as_of, progress)


def ingest(config: Config, workspace: str | Path, progress: Progress = silent) -> Dataset:
    """Return the dataset of a config, kept in a workspace; read again only if the source changed."""
    place = Workspace(Path(workspace))
    with place.writing() as staging, Engine(config.settings.engine) as engine:
        dataset, origin, new = pipeline.bring_in(engine, config, place, staging, progress)
        return staging.put_dataset(dataset, origin) if new else dataset


def read_table(path: str | Path, folder: str | Path, **settings: Any) -> Dataset:
    """Return the dataset of one CSV, Parquet or XLSX, kept in `folder`.

    Parameters
    ----------
    path : path
        The file.
    folder : path
        Where profiles.parquet, events.parquet and problems.parquet are written.
    **settings
        As a config's ``source`` states them: ``shape``, ``columns``, ``currency``, ...

    Raises
    ------
    SettingError, DataError
        Each with what to do.
    """
    return _read({"kind": "table", "path": str(path), **settings}, folder)


def read_shopify(path: str | Path, folder: str | Path, **settings: Any) -> Dataset:
    """Return the dataset of one store's Shopify exports (orders, customers, products), kept in `folder`."""
    return _read({"kind": "shopify", "path": str(path), **settings}, folder)


def read_klaviyo(path: str | Path, folder: str | Path, **settings: Any) -> Dataset:
    """Return the dataset of one account's Klaviyo exports (profiles, events), kept in `folder`."""
    return _read({"kind": "klaviyo", "path": str(path), **settings}, folder)


def read_canonical(path: str | Path, folder: str | Path) -> Dataset:
    """Return the dataset of a folder that already holds the canonical tables, kept in `folder`."""
    return _read({"kind": "canonical", "path": str(path)}, folder)


def extract_features(dataset: Dataset, as_of: date, names: Sequence[str] = ()) -> FeatureTable:
    """Return every customer's features at `as_of`: those named, or the whole vocabulary."""
    with Engine() as engine:
        return measure(engine, dataset, as_of, names).table


def evaluate_rules(table: FeatureTable, rules: Mapping[str, str]) -> pd.DataFrame:
    """Return who each rule selects: one boolean column per rule name, indexed by customer_id.

    Parameters
    ----------
    table : FeatureTable
        Features at a date.
    rules : mapping
        Name to rule text, for example ``{"loyal": "orders >= 3"}``.

    Raises
    ------
    RuleError
        With the position and the nearest known name.
    """
    entries = [{"name": name, "where": where} for name, where in rules.items()]
    parsed = rules_from(entries, {f.name: f for f in table.features})
    return membership({r.name: r.where for r in parsed}, table)


def _read(source: Mapping[str, Any], folder: str | Path) -> Dataset:
    settings = compile_settings({"source": source, "as_of": "data_end"})
    with Engine(settings.engine) as engine:
        return read_source(engine, settings.source, Path.cwd(), Path(folder))


def rule_text(condition: Condition) -> str:
    """Return a condition in the rule language."""
    return to_text(condition)


def lint_rules(
    path: str | Path, workspace: str | Path | None = None, target: str = "", exclusive: bool = False
) -> tuple[Library, tuple[Finding, ...]]:
    """Return the rules of a file and what is wrong with them.

    Parameters
    ----------
    path : path
        A rule file: YAML, as ``configs/segments.yaml``.
    workspace : path, optional
        Whose data tell which values are missing and how far back they go.
    target : str
        ``klaviyo`` or ``sql``: also tell what it cannot express.
    exclusive : bool
        Also tell why customers are in more than one segment, or in none.
    """
    if target and target not in targets.EXPRESSIBLE:
        raise UsageError(f"A target must be one of {', '.join(targets.EXPRESSIBLE)}, got {target!r}.")
    return rulebook.check(Path(path), open_workspace(workspace) if workspace else None, target, exclusive)


def evaluate_rule_file(
    path: str | Path,
    workspace: str | Path,
    *,
    as_of: date | None = None,
    before: date | None = None,
    engine: str = "duckdb",
    spark_master: str = "",
    progress: Progress = silent,
) -> Evaluation:
    """Return whom every rule of a file selects in a workspace's data, all measured together.

    Parameters
    ----------
    path : path
        A rule file.
    workspace : path
        Whose dataset.
    as_of : date, optional
        Exclusive; the end of the data unless stated.
    before : date, optional
        An earlier date: who joined and left since then is listed, and through which condition.
    engine, spark_master : str
        ``duckdb`` or ``spark``, and the address of a Spark master.
    """
    asked = compile_settings(
        {
            "source": {"kind": "canonical", "path": "."},
            "as_of": "data_end",
            "engine": {"kind": engine, "spark_master": spark_master},
        }
    )
    return rulebook.evaluate(Path(path), open_workspace(workspace), as_of, before, asked.engine, progress)


@dataclass(frozen=True)
class VocabularyRow:
    """One feature as people look it up, with what each target can do with it."""

    name: str
    label: str
    family: str
    unit: str
    window: str
    missing: str
    klaviyo: str
    sql: bool


def vocabulary() -> tuple[VocabularyRow, ...]:
    """Return every feature of the catalogue, in its order."""
    return tuple(
        VocabularyRow(
            f.name,
            f.label,
            f.family,
            f.unit or f.kind,
            _window(f),
            f.missing,
            targets.klaviyo(f),
            targets.sql(f),
        )
        for f in CATALOGUE
    )


def _window(feature: Feature) -> str:
    if feature.window is None:
        return "all time"
    return f"{feature.skip + 1} to {feature.window} days ago" if feature.skip else f"{feature.window} days"


def config_rows(config: Config) -> tuple[SettingRow, ...]:
    """Return every setting of a config: value, default, unit, where it came from."""
    return tuple(setting_rows(config.settings, config.origins))


def export_run(run: Run, form: str, dialect: str = "duckdb", segmentation: str = "") -> dict[str, str]:
    """Return the rules of a run's segments as files: name to text.

    Parameters
    ----------
    run : Run
        Whose rules.
    form : str
        ``yaml`` (one file per segmentation), ``sql`` (one query per segment) or ``english`` (one text).
    dialect : str
        Of SQL: one of ``DIALECTS``.
    segmentation : str
        Which one; empty: all that have rules.

    Raises
    ------
    UsageError
        If the form, the dialect or the segmentation is not known, or there is no rule to export.
    """
    if form not in FORMATS:
        raise UsageError(f"--format must be one of {', '.join(FORMATS)}, got {form!r}.")
    if segmentation:
        run.segmentation(segmentation)
    chosen = [r for r in run.rules if segmentation in ("", r.segmentation)]
    if not chosen:
        raise UsageError(f"Run {run.id} has no rules{f' for {segmentation}' if segmentation else ''} to export.")
    match form:
        case "yaml":
            return {f"{name}.yaml": _yaml(run, rules) for name, rules in _by_segmentation(chosen).items()}
        case "sql":
            return {f"{r.segmentation}-{slug(r.rule.name)}.sql": _sql(run, r, dialect) for r in chosen}
        case _:
            return {"segments.txt": "\n".join(_english(r) for r in chosen)}


def _by_segmentation(rules: Sequence[SegmentRule]) -> dict[str, list[Rule]]:
    out: dict[str, list[Rule]] = {}
    for each in rules:
        out.setdefault(each.segmentation, []).append(each.rule)
    return out


def _yaml(run: Run, rules: Sequence[Rule]) -> str:
    heading = (
        f"Rules induced from run {run.id}, at {run.as_of}.\nA rule may select a customer that another selects too."
    )
    return document(as_entries(rules), heading)


def _sql(run: Run, ruled: SegmentRule, dialect: str) -> str:
    heading = (
        f"-- {ruled.rule.name}\n-- {ruled.english}\n-- Run {run.id}; tables as in the workspace's dataset folder.\n"
    )
    return heading + translate(_selection(run, ruled.rule.where), dialect) + "\n"


def _selection(run: Run, where: Condition) -> str:
    return selection_sql(where, {f.name: f for f in run.table.features}, run.as_of, run.table.cutoffs)


def _english(ruled: SegmentRule) -> str:
    found = ruled.rule.fidelity
    measured = ""
    if found is not None:
        measured = f" It finds {found.recall:.0%} of the segment, and {found.precision:.0%} of those it selects belong."
    return f"{ruled.segmentation} · {ruled.rule.name}: {ruled.english}{measured}"
