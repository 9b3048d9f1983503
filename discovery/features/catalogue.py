"""The vocabulary: every feature declared once, as data."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.core.feature import Feature
from discovery.features.vocabulary.behaviour import BROWSING, ENGAGEMENT, LIFECYCLE, SEASONAL
from discovery.features.vocabulary.order_shape import ORDER_SHAPE
from discovery.features.vocabulary.people import PEOPLE
from discovery.features.vocabulary.predicted import PREDICTED
from discovery.features.vocabulary.rfm import RFM

CATALOGUE: tuple[Feature, ...] = (
    *RFM,
    *ORDER_SHAPE,
    *SEASONAL,
    *ENGAGEMENT,
    *BROWSING,
    *LIFECYCLE,
    *PREDICTED,
    *PEOPLE,
)

BY_NAME: Mapping[str, Feature] = {f.name: f for f in CATALOGUE}


def default_cluster_features() -> tuple[str, ...]:
    """Return the names of the features a clustering works on unless a config says otherwise."""
    return tuple(f.name for f in CATALOGUE if f.cluster)
