"""What runs are made of: their settings and their data, for work that goes on from them."""

from __future__ import annotations

from pathlib import Path

from discovery.core.compile import compile_settings
from discovery.core.dataset import Dataset
from discovery.core.errors import SettingError, WorkspaceError
from discovery.core.progress import Progress, silent
from discovery.core.run import Run
from discovery.core.settings import Settings
from discovery.engine.duckdb import Engine
from discovery.store import Config, Workspace
from discovery.usecases.pipeline import bring_in


def ingest(config: Config, workspace: str | Path, progress: Progress = silent) -> Dataset:
    """Return the dataset of a config, kept in a workspace; read again only if the source changed."""
    place = Workspace(Path(workspace))
    with place.writing() as staging, Engine(config.settings.engine) as engine:
        dataset, origin, new = bring_in(engine, config, place, staging, progress)
        return staging.put_dataset(dataset, origin) if new else dataset


def settings_of(run: Run) -> Settings:
    """Return the settings a run was made under.

    Raises
    ------
    WorkspaceError
        If this release cannot read them.
    """
    try:
        return compile_settings(run.settings)
    except SettingError as error:
        raise WorkspaceError(
            f"Run {run.id} was made under settings that this release cannot read, so it cannot be judged anew. "
            f"Make the run again, then go on from it. ({error})"
        ) from error


def dataset_of(run: Run, workspace: Workspace) -> Dataset:
    """Return the data a run was made of.

    Raises
    ------
    WorkspaceError
        If the workspace no longer holds them.
    """
    dataset = workspace.dataset()
    if dataset is None or dataset.fingerprint != run.table.fingerprint:
        held = "none" if dataset is None else f"data with fingerprint {dataset.fingerprint}"
        raise WorkspaceError(
            f"Run {run.id} is judged anew on the data it was made of (fingerprint {run.table.fingerprint}), and the "
            f"workspace holds {held}. Make the run again with `discovery run`, then go on from that one."
        )
    return dataset
