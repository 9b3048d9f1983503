"""Floor 3: what lies on disk. The workspace, the files of a run, and configs."""

from discovery.store.config import Config, config_rows, read_config, read_entries, read_library, shipped
from discovery.store.review_files import ReviewSummary
from discovery.store.rule_file import RULE_FILE, change_entries, own_entries, replace_text
from discovery.store.run_names import RUN_NAMES, run_called
from discovery.store.staging import Staging, check_name
from discovery.store.uploads import drop_old_uploads, drop_source, drop_uploads, keep_upload, upload_folder
from discovery.store.workspace import RunSummary, Workspace, open_workspace

__all__ = [
    "RULE_FILE",
    "RUN_NAMES",
    "Config",
    "ReviewSummary",
    "RunSummary",
    "Staging",
    "Workspace",
    "change_entries",
    "check_name",
    "config_rows",
    "drop_old_uploads",
    "drop_source",
    "drop_uploads",
    "keep_upload",
    "open_workspace",
    "own_entries",
    "read_config",
    "read_entries",
    "read_library",
    "replace_text",
    "run_called",
    "shipped",
    "upload_folder",
]
