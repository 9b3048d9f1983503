"""What people may call a run: its id, the beginning of it or of its digest, or ``latest``."""

from __future__ import annotations

from discovery.core.errors import WorkspaceError
from discovery.store.workspace import Workspace

LATEST = "latest"
#: What a run may be called by, for the help of every command that asks for one.
RUN_NAMES = f"Its id, as `discovery runs` lists it, the beginning of it, or {LATEST}."


def run_called(workspace: Workspace, name: str) -> str:
    """Return the id of the run that `name` means.

    Parameters
    ----------
    workspace : Workspace
        Whose runs.
    name : str
        An id; the beginning of one id, or of the digest it ends with; or ``latest``: of the latest date, and of several
        at that date the one written last.

    Raises
    ------
    WorkspaceError
        If no run is called so, or several are.
    """
    if workspace.holds(name):
        return name
    runs = workspace.runs()
    if name == LATEST and runs:
        newest = [r.id for r in runs if r.as_of == runs[0].as_of]
        return max(newest, key=lambda run_id: (workspace.run_folder(run_id) / "run.json").stat().st_mtime_ns)
    meant = [r.id for r in runs if name and (r.id.startswith(name) or r.id.rpartition("-")[2].startswith(name))]
    if len(meant) > 1:
        listed = ", ".join(meant)
        raise WorkspaceError(f"A run must be named so that one is meant, but {name!r} begins {len(meant)}: {listed}.")
    # What is no run at all is told by whoever looks for it, with the nearest id.
    return meant[0] if meant else workspace.run_folder(name).name
