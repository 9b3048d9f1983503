"""Find customer segments that are really there, say what they are, and hand over the rule.

The public door for notebooks: a few verbs, each a thin door to `discovery.service`, and the nouns they return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

_NOUNS = {
    "Dataset": "dataset",
    "Evidence": "evidence",
    "Feature": "feature",
    "FeatureTable": "feature",
    "Review": "review",
    "Rule": "rule",
    "Run": "run",
    "Segmentation": "segment",
}


def __getattr__(name: str) -> Any:
    """Load a verb or a noun when it is first asked for, so that importing the package stays light."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'discovery' has no attribute {name!r}")
    module = f"discovery.core.{_NOUNS[name]}" if name in _NOUNS else "discovery.service"
    return getattr(import_module(module), name)
