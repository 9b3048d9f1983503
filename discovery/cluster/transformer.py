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

    Each column is transformed by the power that makes it most nearly normal, centred on its mean and divided by its
    standard deviation; what lies more than `clip` deviations out is drawn in.

    Parameters
    ----------
    clip : float, above 0
        Deviations beyond which coordinates are drawn in.
    correlated : float, 0 to 1
        A column whose Pearson correlation with one before it is stronger than this is left out; 1: none.

    Attributes
    ----------
    preparation_ : Preparation
        What was learnt, as plain numbers.
    distance_shares_ : dict of str to float
        Of the mean squared distance between two of the customers it was fitted on, the share of each column kept.
    n_features_in_ : int
        Columns it was fitted on.
    feature_names_in_ : array of str
        Their names, where they had some.

    Notes
    -----
    Columns that hold one value only are left out too. Coordinates are float32. Missing values are refused: fill them
    first, as each feature says (``FeatureTable.filled``). See `discovery.cluster.prepare`.

    Source
    ------
    Yeo & Johnson (2000), A new family of power transformations to improve normality or symmetry, Biometrika 87.

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
        """Return this transformer, fitted.

        Parameters
        ----------
        X : array or DataFrame, shape (customers, features)
            Numbers, none missing; at least two customers.
        y : object
            Not looked at.

        Returns
        -------
        FeaturePreparation
            This one.

        Raises
        ------
        ValueError
            If `X` breaks scikit-learn's contract.
        DataError
            If no column varies.
        """
        frame = self._frame(X, reset=True)
        self.preparation_ = prepare(frame, self.clip, self.correlated)
        self.distance_shares_ = distance_shares(self.preparation_.transform(frame), self.preparation_.names)
        return self

    def transform(self, X: ArrayLike) -> Matrix:
        """Return the coordinates of customers.

        Parameters
        ----------
        X : array or DataFrame, shape (customers, features)
            The columns it was fitted on; none missing.

        Returns
        -------
        array of float32, shape (customers, columns kept)
            In deviations from the mean, at most `clip`.

        Raises
        ------
        ValueError
            If `X` breaks scikit-learn's contract.
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        return self.preparation_.transform(self._frame(X, reset=False))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the columns kept.

        Parameters
        ----------
        input_features : array of str, optional
            Names of all columns, where those it was fitted on had none.

        Returns
        -------
        array of str, shape (columns kept,)
            In their order.

        Raises
        ------
        ValueError
            If they are not the names it was fitted on.
        NotFittedError
            Before `fit`.
        """
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
