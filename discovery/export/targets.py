"""What each export target can say of a feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from discovery.core.feature import Feature
from discovery.export.klaviyo.measures import Way, way


def klaviyo(feature: Feature) -> Way:
    """Return how Klaviyo can say a condition on `feature`: ``native``, ``predictive``, or ``property``.

    ``property`` means that its value has to be written to the profile first, and goes stale until it is again.
    ``predictive`` means that Klaviyo has a number of its own near it; unless that is asked for, it is a property.
    """
    return way(feature)


def sql(feature: Feature) -> bool:
    """Return whether a query over the canonical tables can compute `feature`; predictions need a fitted model."""
    return feature.aggregate != "predicted"


#: Whether a target can say a condition on a feature by itself.
EXPRESSIBLE: Mapping[str, Callable[[Feature], bool]] = {"klaviyo": lambda f: klaviyo(f) != "property", "sql": sql}
