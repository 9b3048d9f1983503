"""The preparation of features as a scikit-learn transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from discovery.cluster.prepare import Matrix, distance_shares, prepare


class FeaturePreparation(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns features of customers into coordinates: Yeo-Johnson, standardised, clipped.

    Parameters
    ----------
    clip : float
        Deviations beyond which coordinates are drawn in.
    correlated : float, 0 to 1
        A column that correlates more strongly than this with one before it is left out.

    Attributes
    ----------
    preparation_ : Preparation
        What was learnt, as plain numbers.
    distance_shares_ : dict of str to float
        Of the mean squared distance between two of the customers it was fitted on, the share of each column kept.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Notes
    -----
    Columns that hold one value only are left out too. Coordinates are float32. See `discovery.cluster.prepare`.

    Examples
    --------
    >>> features = pd.DataFrame({"orders": [1, 1, 2, 9], "revenue": [9.0, 30.0, 41.0, 800.0], "shop": [1, 1, 1, 1]})
    >>> found = FeaturePreparation().fit(features)
    >>> found.get_feature_names_out().tolist(), found.transform(features).shape
    (['orders', 'revenue'], (4, 2))
    """

    def __init__(self, clip: float = 3.0, correlated: float = 1.0) -> None:
        self.clip = clip
        self.correlated = correlated

    def fit(self, X: ArrayLike, y: object = None) -> FeaturePreparation:
        """Return this transformer, fitted to `X`, shape (customers, features), without missing values.

        Raises
        ------
        DataError
            If no column varies.
        """
        frame = self._frame(X, reset=True)
        self.preparation_ = prepare(frame, self.clip, self.correlated)
        self.distance_shares_ = distance_shares(self.preparation_.transform(frame), self.preparation_.names)
        return self

    def transform(self, X: ArrayLike) -> Matrix:
        """Return the coordinates of `X`, shape (customers, columns kept)."""
        check_is_fitted(self)
        return self.preparation_.transform(self._frame(X, reset=False))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the columns kept."""
        check_is_fitted(self)
        known = _check_feature_names_in(self, input_features)
        return np.array([name for name in known if name in self.preparation_.names], dtype=object)

    def _frame(self, X: ArrayLike, reset: bool) -> pd.DataFrame:
        values = validate_data(self, X, reset=reset, dtype=np.float64, ensure_min_samples=2 if reset else 1)
        return pd.DataFrame(values, columns=_check_feature_names_in(self))

    def __sklearn_tags__(self) -> Tags:
        tags: Any = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
