"""The main job: from a config to a finished Run, one step after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from discovery.cluster.answers import ANSWER
from discovery.cluster.lead import History
from discovery.core.dataset import Dataset
from discovery.core.errors import SettingError, UsageError, did_you_mean
from discovery.core.feature import Feature
from discovery.core.progress import Progress, silent
from discovery.core.question import BusinessQuestion, question_named
from discovery.core.rule import leaves
from discovery.core.run import Run
from discovery.core.settings import ClusterSettings, Settings
from discovery.core.stated_day import stated_day
from discovery.engine.choice import query_engine
from discovery.engine.duckdb import Engine, size_in_bytes
from discovery.engine.query import QueryEngine
from discovery.engine.scratch import ScratchFolder
from discovery.engine.shelf import Shelf
from discovery.features.bought import category_features, common_categories
from discovery.features.forward import stated_property
from discovery.features.properties import property_features
from discovery.features.records import extract_records
from discovery.ingest.read import ingest
from discovery.rules.library import library_from
from discovery.store import Config, Staging, Workspace, read_config, read_library
from discovery.usecases.analysis import analyse, find
from discovery.usecases.measuring import measure, vocabulary_of
from discovery.usecases.provenance import Clock, origin_of
from discovery.usecases.responses import responses_at
from discovery.usecases.segment_rules import selected_by

#: Of one feature of one customer, as it is held in memory.
_BYTES = 8
#: Of the memory limit, the part that features may take: an eighth; those beyond it are kept on disk.
_SHELF_PART = 8


def bring_in(
    engine: Engine, config: Config, workspace: Workspace, staging: Staging, progress: Progress
) -> tuple[Dataset, str, bool]:
    """Return the config's dataset, its origin, and whether it is new: read again only where the source changed."""
    settings, own = config.settings, workspace.dataset()
    if own is not None and (config.base / settings.source.path).resolve() == own.folder:
        return own, "", False
    origin = origin_of(config)
    known = workspace.dataset(origin)
    if known is not None:
        return known, origin, False
    folder = staging.folder / "dataset"
    dataset = ingest(engine, settings.source, config.base, folder, progress, settings.places.postal_points)
    return dataset, origin, True


def discover(
    config: str | Path | Config,
    workspace: str | Path | Workspace,
    *,
    as_of: date | None = None,
    overrides: Sequence[str] = (),
    progress: Progress = silent,
) -> Run:
    """Return the Run of a config, kept in a workspace: features, segmentations, evidence, merges, rules.

    Parameters
    ----------
    config : str, Path or Config
        A YAML file (docs/settings.md), or one already read.
    workspace : str, Path or Workspace
        Folder that keeps dataset and runs; made if missing, left as it was if the work fails.
    as_of : date, optional
        Instead of the config's: only events before midnight UTC at its start are seen.
    overrides : sequence of str
        ``name=value``, laid over the config, such as ``cluster.k=6``; of a config already read there can be none.
    progress : callable
        Told the step (str) and the share of it that is done (0 to 1).

    Returns
    -------
    Run
        Its features are read from the workspace when they are asked for.

    Raises
    ------
    SettingError
        If a setting is unknown, of the wrong type or out of range: all faults at once.
    UsageError
        If a config already read is given overrides.
    DataError
        If the data cannot be used for what was asked.
    RuleError
        If the rule library holds what cannot be read.
    WorkspaceError
        If another process is writing to the workspace, or the disk is full.

    Notes
    -----
    The same config, data and release give the same run, under the same id, to the byte; only timings differ. What
    happens from `as_of` on is seen by the evidence alone (who responds). Where nothing follows, response is
    NOT_TESTED.

    Examples
    --------
    >>> import discovery
    >>> _ = discovery.simulate("small", customers=120, seed=7)
    >>> quick = ["source.path=small", "validate.auc_rows=200", "cluster.k=2", "cluster.k_high=2"]
    >>> run = discovery.discover("shop.yaml", "elsewhere", overrides=quick)
    >>> run.segmentation("kmeans").k, len(run.segmentation("kmeans").labels) == len(run.table)
    (2, True)
    """
    if isinstance(config, Config) and overrides:
        raise UsageError("Overrides are laid over a config as it is read: give them to `read_config`, or give a path.")
    if as_of is not None:
        stated_day(as_of, "as_of")
    config = config if isinstance(config, Config) else read_config(Path(config), overrides)
    workspace = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    settings, clock = config.settings, Clock()
    entries = read_library(config)
    memory = size_in_bytes(settings.engine.memory_limit)
    with workspace.writing() as staging, ScratchFolder() as scratch:
        # An engine keeps what memory it once took: one for each step gives it back before the next.
        with clock.step("ingest"), Engine(settings.engine) as engine:
            dataset, origin, new = bring_in(engine, config, workspace, staging, progress)
        with Engine(settings.engine) as engine:
            ordered = "placed_order" in dataset.events_by_name
            question, asked = question_named(settings.question, ordered)
            stated = stated_property(
                settings.response, dataset.events_by_name, property_features(engine.kinds(dataset.profiles_path))
            )
            # A response is no feature: nothing may be made from it that is judged by it.
            known = vocabulary_of(engine, dataset, settings.features.seasons, stated.column if stated else "")
            day = as_of or (dataset.data_end if settings.as_of == "data_end" else settings.as_of)
            most, events = settings.cluster.categories, engine.table(dataset.events_path)
            categories = common_categories(engine, events, day, most) if ordered else ()
            known = known.with_named(category_features(categories))
            library = library_from(entries, known)
            _check_names(settings.cluster.features, known, stated)
            _check_answers(settings.cluster, question, known)
            # What rules measure in place is a feature like those with a name.
            kept = (*known, *(leaf.feature for rule in library.dividing for leaf in leaves(rule.where)))
            names = (*kept, *(leaf.feature for rule in library.rules for leaf in leaves(rule.where)))
        room, table_size = memory // _SHELF_PART, _BYTES * dataset.customers * len(set(names))
        shelf = Shelf(Path(scratch), room)
        # What a single pass over the events finds is held whole: a third of all, where there are orders.
        held = min(room, table_size) + table_size // 3
        with clock.step("features"), query_engine(settings.engine, held) as measuring:
            measured = measure(
                measuring, dataset, day, names, progress, settings.lifetime, settings.features.cutoffs, known, shelf
            )
            selected = selected_by(library.rules, measured.table, known, dataset.currency)
            measured = replace(measured, table=measured.table.only(kept))
            responses = responses_at(measuring, dataset, measured.table, question, stated, settings)
            known_orders = ordered and (measured.table.column("orders") > 0).any()
            history = _history(measuring, dataset, day, categories, settings) if known_orders else None
        found = find(measured.table, history, question, library, dataset, settings, clock, progress)
        # Records are several hundred bytes a customer: let go before the evidence is weighed.
        del history
        run = analyse(measured, found, selected, responses, asked, library, dataset, settings, clock, progress)
        if new:
            staging.put_dataset(dataset, origin)
        staging.put_run(run)
    # What the table of features was made on is gone: from here on it is read from the run's own files.
    return workspace.load(run.id)


def _history(
    engine: QueryEngine, dataset: Dataset, day: date, categories: Sequence[str], settings: Settings
) -> History:
    """Return everyone's record at the date and, where anybody had ordered, one horizon before it."""
    days = settings.validate.horizon_days
    now = extract_records(engine, dataset, day, categories)
    # What is learnt from the past is learnt from some of them.
    sample, earlier = (settings.cluster.fit_rows, settings.seed), day - timedelta(days=days)
    before = extract_records(engine, dataset, earlier, categories, sample=sample)
    return History(now, before if len(before) else None, days)


def _check_names(names: Sequence[str], known: Mapping[str, Feature], stated: Feature | None) -> None:
    for name in names:
        if stated and name == stated.name:
            raise SettingError(
                f"cluster.features must not name {name}: it is the response that segments are judged by."
            )
        if name not in known or known[name].kind != "number":
            numbers = [n for n, f in known.items() if f.kind == "number"]
            raise SettingError(f"cluster.features must name numbers, got {name!r}. {did_you_mean(name, numbers)}")


def _check_answers(settings: ClusterSettings, question: BusinessQuestion, known: Mapping[str, Feature]) -> None:
    if settings.properties and (settings.features or question.features or settings.space != "shrunken"):
        raise SettingError(
            "cluster.properties must go with empirical-Bayes features: answers are counted as orders are. Leave out "
            "cluster.features, set cluster.space to shrunken, and ask a question without features of its own."
        )
    fit = [n for n, f in known.items() if n.startswith(ANSWER) and f.kind in ("text", "boolean")]
    for name in settings.properties:
        if name not in fit:
            raise SettingError(
                "cluster.properties must name properties of text or yes and no that are no stated response, got "
                f"{name!r}. {did_you_mean(name, fit)} Numbers go into cluster.features."
            )
