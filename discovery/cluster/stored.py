"""Customers placed by a stored model, in plain values as a run keeps it: no pickle, and nothing but the model.

Each function is pure, the same for all customers at once and for any part of them, on one machine and on an executor of
Spark: send the model as JSON, and give `assign_frame` to ``mapInPandas``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.kmeans import Labels, assign
from discovery.cluster.lead import led_from_plain
from discovery.cluster.mixture import mixture_from_plain
from discovery.cluster.prepare import preparation_from_plain
from discovery.cluster.shrink import shrinkage_from_plain
from discovery.core.errors import UsageError
from discovery.core.records import Records, records_from_frame

Plain = Mapping[str, Any]
Placing = tuple[Labels, NDArray[np.float64]]
#: Kinds of models that keep what places customers.
_PLACING = ("kmeans", "mixture")


def assign_frame(model: Plain, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the segment and the strength of each customer of a table.

    Parameters
    ----------
    model : mapping
        Of a KMeans or mixture segmentation, as it is kept with a run.
    frame : DataFrame
        One row per customer: a table such as `Records.as_frame` gives, or, where ``model["space"]`` is ``features``,
        the features the model is made of, without missing values.

    Returns
    -------
    DataFrame
        ``segment_id`` and ``strength``, with the index of `frame`.

    Raises
    ------
    UsageError
        If the model is of another kind: rules are their own model, and HDBSCAN keeps none.
    """
    if model["kind"] not in _PLACING:
        raise UsageError(
            f"A stored model places customers where it is a {' or '.join(_PLACING)}, got {model['kind']!r}. "
            "Use the rules of its segments."
        )
    of_features = model.get("space") == "features"
    labels, strength = (
        assign_features(model, frame) if of_features else assign_records(model, records_from_frame(frame))
    )
    return pd.DataFrame({"segment_id": [f"c{n + 1}" for n in labels], "strength": strength}, index=frame.index)


def assign_records(model: Plain, records: Records) -> Placing:
    """Return the number of each customer's segment and the strength, by a model of records."""
    if model["kind"] == "mixture":
        return mixture_from_plain(model).assign(records)
    plain = model["preparation"]
    made = led_from_plain(plain) if isinstance(plain.get("lead"), Mapping) else shrinkage_from_plain(plain)
    return assign(made.transform(records), _centres(model))


def assign_features(model: Plain, frame: pd.DataFrame) -> Placing:
    """Return the number of each customer's segment and the strength, by a model of features."""
    return assign(preparation_from_plain(model["preparation"]).transform(frame), _centres(model))


def _centres(model: Plain) -> NDArray[np.float32]:
    return np.asarray(model["centres"], dtype=np.float32)
