"""The use cases: what a command, a page or a notebook asks for. Composes the stages and keeps nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from discovery.core.compile import SettingRow, compile_settings, setting_rows
from discovery.core.dataset import Dataset
from discovery.core.decision import Decision, DecisionKind
from discovery.core.errors import UsageError, WorkspaceError
from discovery.core.feature import FeatureTable
from discovery.core.progress import Progress, silent
from discovery.core.rule import Condition
from discovery.core.run import Run
from discovery.core.stated_day import stated_day
from discovery.engine.duckdb import Engine
from discovery.engine.sql import DIALECTS
from discovery.export import targets
from discovery.ingest.preview import preview
from discovery.ingest.read import ingest as read_source
from discovery.ingest.simulate import simulate
from discovery.ingest.table.open import ALLOWED as TABLE_COLUMNS
from discovery.ingest.table.open import REQUIRED as TABLE_NEEDS
from discovery.rules.evaluate import membership
from discovery.rules.faults import Finding
from discovery.rules.library import Library, rules_from
from discovery.rules.parse import to_text
from discovery.store import (
    RUN_NAMES,
    Config,
    ReviewSummary,
    RunSummary,
    Workspace,
    drop_old_uploads,
    drop_source,
    drop_uploads,
    keep_upload,
    own_entries,
    read_config,
    run_called,
    shipped,
    upload_folder,
)
from discovery.usecases import pipeline, rulebook
from discovery.usecases.decided import decide, decisions, history, load_run
from discovery.usecases.drafts import (
    Draft,
    Words,
    draft_rule,
    forget_rule,
    read_rule,
    rule_words,
    save_rule,
    saved_rules,
    warm_up,
)
from discovery.usecases.explaining import Explanation, explain_customer
from discovery.usecases.exports import FORMATS, export_run, zipped
from discovery.usecases.jobs import (
    Job,
    Kind,
    State,
    Status,
    cancel_job,
    holding,
    jobs,
    start_job,
    start_merge,
    start_review,
    write_status,
)
from discovery.usecases.klaviyo_export import KlaviyoExport, export_klaviyo, push_klaviyo
from discovery.usecases.made_of import brought_in
from discovery.usecases.measuring import measure
from discovery.usecases.member_export import MEMBER_FORMS, ListedSegment, MemberExport, export_members, list_of
from discovery.usecases.merging import merge, undo_decision
from discovery.usecases.reviewing import load_review, review, review_quarter, reviews
from discovery.usecases.rule_imports import ImportedSegment, import_rules, names_from, read_names
from discovery.usecases.rulebook import Evaluation
from discovery.usecases.vocabulary import VocabularyRow, vocabulary

__all__ = [
    "DIALECTS",
    "FORMATS",
    "MEMBER_FORMS",
    "RUN_NAMES",
    "TABLE_COLUMNS",
    "TABLE_NEEDS",
    "Config",
    "Decision",
    "DecisionKind",
    "Draft",
    "Explanation",
    "ImportedSegment",
    "Job",
    "Kind",
    "KlaviyoExport",
    "ListedSegment",
    "MemberExport",
    "ReviewSummary",
    "RunSummary",
    "State",
    "Status",
    "VocabularyRow",
    "Words",
    "Workspace",
    "cancel_job",
    "config_rows",
    "decide",
    "decisions",
    "discover",
    "draft_rule",
    "drop_old_uploads",
    "drop_source",
    "drop_uploads",
    "evaluate_rule_file",
    "evaluate_rules",
    "explain_customer",
    "export_klaviyo",
    "export_members",
    "export_run",
    "extract_features",
    "forget_rule",
    "history",
    "holding",
    "import_rules",
    "ingest",
    "jobs",
    "keep_upload",
    "lint_rules",
    "list_of",
    "load_review",
    "load_run",
    "merge",
    "names_from",
    "open_workspace",
    "own_entries",
    "preview",
    "push_klaviyo",
    "read_canonical",
    "read_config",
    "read_klaviyo",
    "read_names",
    "read_rule",
    "read_shopify",
    "read_table",
    "review",
    "review_quarter",
    "reviews",
    "rule_text",
    "rule_words",
    "run_called",
    "save_rule",
    "saved_rules",
    "shipped",
    "simulate",
    "start_job",
    "start_merge",
    "start_review",
    "undo_decision",
    "upload_folder",
    "vocabulary",
    "warm_up",
    "write_status",
    "zipped",
]


def open_workspace(path: str | Path) -> Workspace:
    """Return the workspace at `path`.

    Raises
    ------
    WorkspaceError
        If there is no such folder, or a file is in its place.
    """
    folder = Path(path)
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise WorkspaceError(
            f"A workspace must be a folder, got {str(path)!r}, which {kind}. "
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
    if as_of is not None:
        stated_day(as_of, "as_of")
    read = config if isinstance(config, Config) else read_config(Path(config), overrides)
    return pipeline.discover(read, Workspace(Path(workspace)), as_of, progress)


def ingest(config: Config, workspace: str | Path, progress: Progress = silent) -> Dataset:
    """Return the dataset of a config, kept in a workspace; read again only if the source changed."""
    return brought_in(config, Workspace(Path(workspace)), progress)


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
        return measure(engine, dataset, stated_day(as_of, "as_of"), names).table


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
    for name, day in (("as_of", as_of), ("before", before)):
        if day is not None:
            stated_day(day, name)
    asked = compile_settings(
        {
            "source": {"kind": "canonical", "path": "."},
            "as_of": "data_end",
            "engine": {"kind": engine, "spark_master": spark_master},
        }
    )
    return rulebook.evaluate(Path(path), open_workspace(workspace), as_of, before, asked.engine, progress)


def config_rows(config: Config) -> tuple[SettingRow, ...]:
    """Return every setting of a config: value, default, unit, where it came from."""
    return tuple(setting_rows(config.settings, config.origins))
