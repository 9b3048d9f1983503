"""Floor 3: what lies on disk. The workspace, the files of a run, and configs."""

from discovery.store.config import Config, read_config, read_entries, read_library, shipped
from discovery.store.workspace import RunSummary, Staging, Workspace, check_name

__all__ = [
    "Config",
    "RunSummary",
    "Staging",
    "Workspace",
    "check_name",
    "read_config",
    "read_entries",
    "read_library",
    "shipped",
]
