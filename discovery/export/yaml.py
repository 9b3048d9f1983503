"""Rules as the YAML that ``configs/segments.yaml`` is written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml


def document(entries: Sequence[Mapping[str, object]], heading: str) -> str:
    """Return rule entries as a YAML file that reads back as the same entries; `heading` becomes its comment.

    Examples
    --------
    >>> print(document([{"name": "Loyal", "where": "orders >= 3"}], "Two lines"), end="")
    # Two lines
    - name: Loyal
      where: orders >= 3
    """
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return comment + yaml.safe_dump(
        [dict(e) for e in entries], sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )
