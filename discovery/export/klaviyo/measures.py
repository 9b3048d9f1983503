"""Which measures Klaviyo can say by itself, and how: the one place that knows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from discovery.core.feature import Feature
from discovery.core.rule import ComparisonSign, Scalar
from discovery.export.klaviyo.conditions import Predicted
from discovery.export.klaviyo.filters import Filter
from discovery.export.klaviyo.groups import Groups, both, either, one
from discovery.export.klaviyo.happened import happened
from discovery.export.klaviyo.known import known
from discovery.export.klaviyo.said import SIGNS, Said

Way = Literal["native", "predictive", "property"]

#: Measures that Klaviyo has numbers of its own for, once an account qualifies: near ours, never equal.
DIMENSIONS: Mapping[str, Any] = {
    "average_order_value": "average_order_value",
    "mean_gap_days": "average_days_between_orders",
    "predicted_orders_365d": "predicted_number_of_orders",
    "predicted_value_365d": "predicted_clv",
    "total_value": "total_clv",
    "probability_no_order_90d": "churn_probability",
}
#: What a band may cut and still be said, its cut-offs frozen.
_CUT = ("days_since_last_order", "orders", "revenue")
_COMPARISONS: Mapping[ComparisonSign, Callable[[Any, Any], bool]] = {
    **{"=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le},
    **{">": operator.gt, ">=": operator.ge},
}
# Which date it is matters to the days of a season, not to whether they can be said.
_ANY_DAY = date(2025, 1, 1)


@dataclass(frozen=True)
class Cut:
    """A band's labels from the smallest values to the largest, and the upper edges of all but the last."""

    labels: tuple[Scalar, ...]
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Known:
    """What a rule speaks of, at the date of the export.

    Parameters
    ----------
    features : mapping
        Every measure by its name.
    as_of : date
        The date.
    cuts : mapping
        Of each band.
    predictive : bool
        Ask for Klaviyo's own number where it has one near the measure.
    absent : frozenset of str
        Metrics that the account does not have.
    """

    features: Mapping[str, Feature]
    as_of: date
    cuts: Mapping[str, Cut] = field(default_factory=dict)
    predictive: bool = False
    absent: frozenset[str] = frozenset()

    def said(self, name: str) -> tuple[Way, Said | None]:
        """Return how Klaviyo says comparisons with a measure; None where a property has to carry its value."""
        feature = self.features[name]
        found = _predicted(feature) if self.predictive else None
        if found is not None:
            return "predictive", found
        cut = feature.aggregate == "band"
        found = self._band(feature) if cut else happened(feature, self.as_of, self.absent) or known(feature)
        return ("native", found) if found else ("property", None)

    def _band(self, feature: Feature) -> Said | None:
        cut = self.cuts.get(feature.name)
        _, base = self.said(feature.of[0]) if feature.of[0] in _CUT and cut else ("", None)
        if base is None or cut is None:
            return None
        compare, edges = base.relation, (0.0, *cut.edges)

        def above(place: int) -> Groups:
            return compare(">", edges[place])

        def relation(sign: ComparisonSign, value: Any) -> Groups:
            chosen = [i for i, label in enumerate(cut.labels) if _COMPARISONS[sign](label, value)]
            parts = []
            for i in chosen:
                if i - 1 not in chosen:
                    last = next(j for j in range(i, len(cut.labels)) if j + 1 not in chosen)
                    top = (compare("<=", edges[last + 1]),) if last + 1 < len(edges) else ()
                    parts.append(both(above(i), *top))
            return either(parts)

        missing = either([compare("<=", 0), *((base.missing,) if base.missing else ())])
        lost = (*base.lost, "The cut-offs of the band are those of this export.")
        return Said(relation, above(0), missing, lost=lost)


def way(feature: Feature) -> Way:
    """Return how Klaviyo can say a condition on `feature`: by itself, by a number of its own, or by a property.

    Examples
    --------
    >>> orders = Feature("orders_90d", "orders", "RFM", "count", ("placed_order",), window=90)
    >>> rate = Feature("click_rate", "click rate", "Engagement", "ratio", of=("clicks", "received"))
    >>> way(orders), way(rate)
    ('native', 'property')
    """
    if feature.name in DIMENSIONS:
        return "predictive"
    if feature.aggregate == "band":
        return "native" if feature.of[0] in _CUT else "property"
    return "native" if happened(feature, _ANY_DAY) or known(feature) else "property"


def _predicted(feature: Feature) -> Said | None:
    dimension = DIMENSIONS.get(feature.name)

    def relation(sign: ComparisonSign, value: Any) -> Groups:
        return one(Predicted(dimension, Filter("numeric", SIGNS[sign], value)))  # type: ignore[arg-type]

    lost = "The number is Klaviyo's own, near ours but not equal to it."
    return Said(relation, None, None, lost=(lost,)) if dimension else None
