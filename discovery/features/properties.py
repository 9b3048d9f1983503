"""Zero-party properties: whatever a form asked becomes a feature of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from discovery.core.feature import Feature, Kind

_PREFIX = "property."
#: Thresholds people use for a number nobody told us the meaning of.
ANSWERS = tuple(digit * 10.0**power for power in range(-1, 7) for digit in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8))


def property_features(columns: Mapping[str, Kind | None]) -> tuple[Feature, ...]:
    """Return one feature per ``property.<name>`` column of the profiles, in alphabetical order.

    Parameters
    ----------
    columns : mapping
        Column to what its values are; None where they are no single value (a list).

    Notes
    -----
    The feature's name is ``property_`` and the property's name in lower case, with underscores for what an identifier
    cannot hold; where two would be the same, the later ones are numbered. Lists are left out: a rule reads them, a
    table of numbers cannot.

    Examples
    --------
    >>> [f.name for f in property_features({"property.Shoe size": "number", "property.topics": None, "email": "text"})]
    ['property_shoe_size']
    """
    out: dict[str, Feature] = {}
    for column in sorted(columns):
        kind = columns[column]
        if not column.startswith(_PREFIX) or kind is None:
            continue
        label = column.removeprefix(_PREFIX)
        base = name = "property_" + (re.sub(r"\W+", "_", label.lower()).strip("_") or "unnamed")
        number = 2
        while name in out:
            name, number = f"{base}_{number}", number + 1
        missing = "not answered: missing; a clustering puts the median of the answers in its place"
        number_only: dict[str, Any] = {"missing": missing, "fill": "median", "human_step": ANSWERS, "unit": "answer"}
        words = label.replace("_", " ")
        number_only["words"] = (f"{{}} with low {words}", f"{{}} with high {words}")
        use = number_only if kind == "number" else {"missing": "not answered: missing"}
        out[name] = Feature(name, f"{words} (asked)", "Zero-party", "profile", column=column, kind=kind, **use)
    return tuple(out.values())
