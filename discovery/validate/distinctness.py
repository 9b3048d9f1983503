"""Distinct: told apart on features that were not used to cluster."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from discovery.core.evidence import Evidence, Verdict
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings

_FOLDS = 3
_TREES = 60


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """How likely each customer is of each segment, judged by held-out features and by a model that did not see them.

    ``scores`` has one column per segment; ``labels`` the true segment; both of a sample of the placed customers.
    """

    scores: pd.DataFrame
    labels: pd.Series
    features: tuple[str, ...]


def held_out_scores(segmentation: Segmentation, features: pd.DataFrame, rows: int, seed: int) -> HeldOutScores | None:
    """Return cross-validated membership scores, or None where nothing is left to test on.

    Parameters
    ----------
    segmentation : Segmentation
        Whose segments are to be told apart.
    features : DataFrame
        Numeric features that had no part in making the segments, indexed by customer_id; missing as NaN.
    rows : int
        Customers at most.
    seed : int
        The only source of chance.
    """
    varying = [c for c in features.columns if features[c].nunique() > 1]
    labels = segmentation.labels[segmentation.labels != UNASSIGNED]
    counts = labels.value_counts()
    labels = labels[labels.isin(counts.index[counts >= _FOLDS])]
    if not varying or labels.nunique() < 2:
        return None
    if len(labels) > rows:
        labels = labels.iloc[some_rows(len(labels), rows, seed)]
        counts = labels.value_counts()
        labels = labels[labels.isin(counts.index[counts >= _FOLDS])]
    model = HistGradientBoostingClassifier(max_iter=_TREES, max_leaf_nodes=15, early_stopping=False, random_state=seed)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    values = features.loc[labels.index, varying].to_numpy(dtype=np.float64)
    # One thread, so that histograms are summed in one order and the same seed gives the same digits.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        scores = cross_val_predict(model, values, labels.to_numpy(), cv=folds, method="predict_proba")
    return HeldOutScores(
        pd.DataFrame(scores, index=labels.index, columns=sorted(labels.unique())), labels, tuple(varying)
    )


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> tuple[float, tuple[float, float], float]:
    """Return the area under the ROC curve, its 95 % interval and half the width of the band a coin would fall in.

    Notes
    -----
    The interval is Hanley and McNeil's (1982); the band of chance is that of the rank sum without ties.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True]))[0]
    1.0
    """
    n, m = int(positive.sum()), int((~positive).sum())
    area = (rankdata(scores)[positive].sum() - n * (n + 1) / 2) / (n * m)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)) / (n * m)
    half = 1.96 * float(np.sqrt(max(variance, 0.0)))
    chance = 1.96 * float(np.sqrt((n + m + 1) / (12 * n * m)))
    return float(area), (max(0.0, float(area) - half), min(1.0, float(area) + half)), chance


def distinctness_evidence(
    segmentation: Segmentation,
    held_out: HeldOutScores | None,
    labels: Mapping[str, str],
    settings: ValidateSettings,
) -> list[Evidence]:
    """Return, for every segment, how well held-out features tell it from the rest, and its largest effect size.

    `labels` says what people call each feature.
    """
    out = []
    for segment in segmentation.placed:
        out.append(_held_out_auc(segmentation.name, segment.id, held_out, settings))
        effects = sorted(segment.profile.items(), key=lambda item: -abs(item[1].effect))
        if not effects:
            continue
        name, found = effects[0]
        large = abs(found.effect) >= settings.min_effect
        out.append(
            Evidence(
                segmentation.name,
                (segment.id,),
                "distinct",
                "largest_effect",
                found.effect,
                None,
                None,
                settings.min_effect,
                Verdict.PASS if large else Verdict.WARN,
                f"It differs most in {labels.get(name, name)}: Cliff's delta {found.effect:+.2f} against the rest. "
                "A description, not a test: the segments were cut along such features.",
                "delta",
                segment.size,
            )
        )
    return out


def _held_out_auc(
    segmentation: str, segment_id: str, held_out: HeldOutScores | None, settings: ValidateSettings
) -> Evidence:
    def evidence(
        value: float | None, interval: tuple[float, float] | None, chance: float, verdict: Verdict, reason: str, n: int
    ) -> Evidence:
        null = None if value is None else (0.5 - chance, 0.5 + chance)
        return Evidence(
            segmentation, (segment_id,), "distinct", "heldout_auc", value, interval, null, settings.min_auc, verdict,
            reason, "auc", n,
        )  # fmt: skip

    if held_out is None or segment_id not in held_out.scores:
        reason = "No feature was kept out of clustering that could tell the segments apart."
        return evidence(None, None, 0.0, Verdict.NOT_TESTED, reason, 0)
    mine = (held_out.labels == segment_id).to_numpy()
    value, interval, chance = auc(held_out.scores[segment_id].to_numpy(), mine)
    told = interval[0] > settings.min_auc
    verdict = Verdict.PASS if told else Verdict.WARN if value > settings.min_auc else Verdict.FAIL
    reason = (
        f"Features not used to cluster tell a member from the rest in {value:.0%} of pairs "
        f"({interval[0]:.0%} to {interval[1]:.0%}); a coin would in 50 %."
    )
    return evidence(value, interval, chance, verdict, reason, int(mine.sum()))


def artefact_evidence(
    segmentation: Segmentation, features: pd.DataFrame, labels: Mapping[str, str], share: float = 0.9
) -> list[Evidence]:
    """Return an alarm for every segment that is little else than one value of one feature.

    A segment raises it where the customers with its commonest value of some feature, and its members, share at least
    `share` of their union.
    """
    out = []
    for segment in segmentation.placed:
        members = (segmentation.labels == segment.id).to_numpy()
        worst, name, value = 0.0, "", 0.0
        for column in features.columns:
            values = features[column].to_numpy(dtype=np.float64)
            kinds, counts = np.unique(values[members & ~np.isnan(values)], return_counts=True)
            if not len(kinds):
                continue
            same = values == kinds[counts.argmax()]
            jaccard = float((same & members).sum() / (same | members).sum())
            if jaccard > worst:
                worst, name, value = jaccard, column, float(kinds[counts.argmax()])
        alarm = worst >= share
        words = f"{labels.get(name, name)} of exactly {value:g}"
        reason = (
            f"It is little else than {words}."
            if alarm
            else f"No single value of a feature makes it (nearest: {words})."
        )
        out.append(
            Evidence(
                segmentation.name,
                (segment.id,),
                "artefact",
                "single_value",
                worst,
                None,
                None,
                share,
                Verdict.WARN if alarm else Verdict.PASS,
                reason,
                "share",
                segment.size,
            )
        )
    return out
