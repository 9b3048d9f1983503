"""Writes docs/python.md from the docstrings of the public door: python docs/write_python.py"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import discovery
from discovery.cluster.transformer import FeaturePreparation
from discovery.rules.estimator import RuleInducer
from discovery.rules.partition import PartitionInducer

#: What every example has before it: the tests run it once, and each example in a copy of the folder it leaves.
SHOP = '''\
from datetime import date
from pathlib import Path

import discovery

Path("shop.yaml").write_text("""
source: {kind: canonical, path: store}
as_of: 2025-10-01
question: repeat
# Quick settings, to try things out. Take the next two lines away for numbers you act on.
cluster: {k: 3, k_high: 3, n_init: 1, null_draws: 3, stability_draws: 0}
rules: {max_conditions: 2}
""")
discovery.simulate("store", customers=300, seed=7)
discovery.discover("shop.yaml", "work", as_of=date(2025, 7, 1))
discovery.discover("shop.yaml", "work")
'''
HEAD = f"""\
# Python

`import discovery` gives the verbs of the command line, in the order of the work, and the values they return. They get
the same numbers: both go through the same door. For whole walks through a store see the [notebooks](notebooks.md).

An error raised on purpose is a child of `DiscoveryError`, of the module `discovery.core.errors`, and says what must be,
what was got, where, and what to do.

The examples run in a folder in which this was run before:

```python
{SHOP}```

Each is run by the tests. This page is written by `docs/write_python.py` from the docstrings."""
#: The public door in the order of the work.
VERBS = {
    "Bring data in": ("simulate", "read_table", "read_shopify", "read_klaviyo", "read_canonical", "extract_features"),
    "Find segments": ("discover", "open_workspace", "load_run", "explain_customer"),
    "Write rules": ("evaluate_rules", "evaluate_rule_file", "lint_rules"),
    "Decide": ("decide", "merge", "undo_decision"),
    "Hand over": ("export_run", "export_members", "export_klaviyo"),
    "Look back": ("review",),
}
NOUNS = ("Dataset", "Feature", "FeatureTable", "Segmentation", "Rule", "Evidence", "Run", "Review")
ESTIMATORS = (FeaturePreparation, RuleInducer, PartitionInducer)
_TABLES = {"Parameters": "parameter", "Attributes": "learnt"}
_PAGES = ("settings", "features", "rules", "files", "clustering", "statistics")


def page() -> str:
    """Return the manual's page of the Python door."""
    lines = [HEAD]
    for heading, names in VERBS.items():
        lines += ["", f"## {heading}"]
        for name in names:
            lines += _entry(name, getattr(discovery, name))
    about = (
        "They are frozen: a change makes a new value. An example that does not import `discovery` speaks of the names "
        "of the module that stands before it."
    )
    lines += ["", "## Values", "", about]
    for name in NOUNS:
        lines += _entry(name, getattr(discovery, name))
    about = "They follow scikit-learn's contract and pass its own `check_estimator`, so they go into its pipelines."
    lines += ["", "## Estimators", "", about]
    for each in ESTIMATORS:
        lines += _entry(each.__name__, each)
    return "\n".join(lines) + "\n"


def sections(said: Any) -> dict[str, str]:
    """Return the sections of a numpydoc docstring by their heading; what comes before the first under ``""``."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(said) or "", flags=re.MULTILINE)
    return {"": parts[0].strip(), **{name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}}


def entries(text: str) -> dict[str, tuple[str, str]]:
    """Return the entries of a section such as Parameters: type and description by name."""
    out = {}
    for head, what in _told(text).items():
        names, _, kind = head.partition(" : ")
        out |= dict.fromkeys((name.strip() for name in names.split(", ")), (kind.strip(), what))
    return out


def _entry(name: str, said: Any) -> list[str]:
    found = sections(said)
    lines = ["", f"### {name}", ""]
    lines += [f"`{said.__module__}`" if inspect.isclass(said) else f"`{name}({', '.join(_parameters(said))})`", ""]
    lines += [_words(found.pop("")), ""]
    example = found.pop("Examples")
    for heading, text in found.items():
        if heading in _TABLES:
            lines += [f"| {_TABLES[heading]} | type | what it is |", "|---|---|---|"]
            for head, what in _told(text).items():
                names, _, kind = head.partition(" : ")
                lines += [f"| `{names.replace(', ', '`, `')}` | {_cell(kind)} | {_cell(what)} |"]
        elif heading in ("Returns", "Raises"):
            told = [f"`{head.replace('`', '')}`: {_words(what)}" for head, what in _told(text).items()]
            lines += (
                [f"**{heading}** {told[0]}"] if len(told) == 1 else [f"**{heading}**", "", *(f"- {t}" for t in told)]
            )
        else:
            lines += [f"**{heading}** {_words(text)}"]
        lines += [""]
    return [*lines, "```pycon", example, "```"]


def _parameters(verb: Any) -> list[str]:
    out: list[str] = []
    keywords = False
    for each in inspect.signature(verb).parameters.values():
        if each.kind is each.KEYWORD_ONLY and not keywords:
            out.append("*")
            keywords = True
        default = getattr(each.default, "__name__", None) or repr(each.default)
        given = "" if each.default is each.empty else f"={default}"
        out.append(f"{'**' if each.kind is each.VAR_KEYWORD else ''}{each.name}{given}")
    return out


def _told(text: str) -> Mapping[str, str]:
    """Return what a section says of each value returned or error raised."""
    blocks = (block.partition("\n") for block in re.split(r"\n(?=\S)", text))
    return {head: textwrap.dedent(rest).strip() for head, _, rest in blocks}


def _words(text: str) -> str:
    """Return the text of a docstring as Markdown: one line for each paragraph, pages of the manual as links."""
    paragraphs = [" ".join(each.split()) for each in re.split(r"\n\s*\n", text)]
    text = "\n\n".join(paragraphs).replace("``", "`")
    return re.sub(rf"docs/({'|'.join(_PAGES)})\.md", r"[\1](\1.md)", text).strip()


def _cell(text: str) -> str:
    return " ".join(_words(text).split()).replace("|", "&#124;")


if __name__ == "__main__":
    (Path(__file__).parent / "python.md").write_text(page(), encoding="utf-8")
