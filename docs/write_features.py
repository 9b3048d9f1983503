"""Writes docs/features.md from the vocabulary: python docs/write_features.py"""

from __future__ import annotations

from pathlib import Path

from discovery import service


def page() -> str:
    """Return the manual's page of features."""
    lines = [
        "# Features",
        "",
        "Every feature is declared once and computed at a date: only events before midnight UTC at its start are seen.",
        "The same name stands in rules, profiles and exports. `property_<name>` features are made of whatever a form",
        "asked, one for each zero-party property of the data.",
        "",
        "Klaviyo: *native* conditions need nothing else; *predictive* ones need an account that qualifies; *property*",
        "means that the value is written to the profile first. This page is written by `docs/write_features.py`.",
    ]
    family = ""
    for row in service.vocabulary():
        if row.family != family:
            family = row.family
            head = "| feature | what it is | unit | window | missing | Klaviyo | SQL |"
            lines += ["", f"## {family}", "", head, "|---|---|---|---|---|---|---|"]
        sql = "yes" if row.sql else "no"
        lines.append(
            f"| `{row.name}` | {row.label} | {row.unit} | {row.window} | {row.missing} | {row.klaviyo} | {sql} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "features.md").write_text(page(), encoding="utf-8")
