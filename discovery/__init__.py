"""Find customer segments that are really there, say what they are, and hand over the rule.

The public door for notebooks: a few verbs, each a thin door to `discovery.service`, and the nouns they return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discovery.core.on_demand import on_demand

if TYPE_CHECKING:
    from discovery.core.dataset import Dataset
    from discovery.core.evidence import Evidence
    from discovery.core.feature import Feature, FeatureTable
    from discovery.core.review import Review
    from discovery.core.rule import Rule
    from discovery.core.run import Run
    from discovery.core.segment import Segmentation
    from discovery.service import (
        decide,
        discover,
        evaluate_rule_file,
        evaluate_rules,
        explain_customer,
        export_klaviyo,
        export_members,
        export_run,
        extract_features,
        lint_rules,
        load_run,
        merge,
        open_workspace,
        read_canonical,
        read_klaviyo,
        read_shopify,
        read_table,
        review,
        simulate,
        undo_decision,
    )
else:
    __getattr__ = on_demand(__name__)

__all__ = [
    "Dataset",
    "Evidence",
    "Feature",
    "FeatureTable",
    "Review",
    "Rule",
    "Run",
    "Segmentation",
    "decide",
    "discover",
    "evaluate_rule_file",
    "evaluate_rules",
    "explain_customer",
    "export_klaviyo",
    "export_members",
    "export_run",
    "extract_features",
    "lint_rules",
    "load_run",
    "merge",
    "open_workspace",
    "read_canonical",
    "read_klaviyo",
    "read_shopify",
    "read_table",
    "review",
    "simulate",
    "undo_decision",
]
