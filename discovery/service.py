"""The use cases by one name: what a command, a page or a notebook asks for. Each stands where its imports say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discovery.core.on_demand import on_demand

if TYPE_CHECKING:
    from discovery.core.decision import Decision, DecisionKind
    from discovery.engine.sql import DIALECTS
    from discovery.export import FORMATS
    from discovery.export.members import FORMS as MEMBER_FORMS
    from discovery.ingest.preview import preview
    from discovery.ingest.simulate import simulate
    from discovery.ingest.table.open import ALLOWED as TABLE_COLUMNS
    from discovery.ingest.table.open import REQUIRED as TABLE_NEEDS
    from discovery.rules.parse import to_text as rule_text
    from discovery.store import (
        RUN_NAMES,
        Config,
        ReviewSummary,
        RunSummary,
        Workspace,
        config_rows,
        drop_old_uploads,
        drop_source,
        drop_uploads,
        keep_upload,
        open_workspace,
        own_entries,
        read_config,
        run_called,
        shipped,
        upload_folder,
    )
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
    from discovery.usecases.exports import export_run, zipped
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
    from discovery.usecases.linting import lint_rules
    from discovery.usecases.made_of import ingest
    from discovery.usecases.member_export import ListedSegment, MemberExport, export_members, list_of
    from discovery.usecases.merging import merge, undo_decision
    from discovery.usecases.pipeline import discover
    from discovery.usecases.reading import extract_features, read_canonical, read_klaviyo, read_shopify, read_table
    from discovery.usecases.reviewing import load_review, review, review_quarter, reviews
    from discovery.usecases.rule_imports import ImportedSegment, import_rules, names_from, read_names
    from discovery.usecases.rulebook import Evaluation, evaluate_rule_file, evaluate_rules
    from discovery.usecases.vocabulary import VocabularyRow, vocabulary
else:
    __getattr__ = on_demand(__name__)

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
    "Evaluation",
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
