"""Distinct: told apart on features that were not used to cluster."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from discovery.core.bounds import MOST_ANSWERS
from discovery.core.evidence import Evidence, Verdict
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Segment, Segmentation
from discovery.core.settings import ValidateSettings
from discovery.core.signed import signed

_FOLDS = 3
_TREES = 30


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """How likely each customer is of each segment, judged by held-out features and by a model that did not see them.

    ``scores`` has one column per segment; ``labels`` the true segment; both of a sample of the placed customers.
    """

    scores: pd.DataFrame
    labels: pd.Series
    features: tuple[str, ...]


def held_out_scores(
    segmentation: Segmentation, features: Mapping[str, pd.Series], rows: int, seed: int
) -> HeldOutScores | None:
    """Return cross-validated membership scores, or None where nothing is left to test on.

    Parameters
    ----------
    segmentation : Segmentation
        Whose segments are to be told apart.
    features : mapping of str to Series
        Features that had no part in making the segments, of its customers in their order: numbers, or answers (text,
        yes or no). A question with more than 30 answers is mostly free text and left out.
    rows : int
        Customers at most.
    seed : int
        The only source of chance.
    """
    at = _of_some_size(segmentation.labels, np.flatnonzero(segmentation.labels != UNASSIGNED))
    if len(at) > rows:
        at = _of_some_size(segmentation.labels, at[some_rows(len(at), rows, seed)])
    varying: dict[str, NDArray[np.float64]] = {}
    answers = []
    for name, column in features.items():
        some = _coded(column.iloc[at])
        if len(pd.unique(some[~np.isnan(some)])) > 1:
            varying[name] = some
            answers.append(not _is_number(column))
    if not varying or segmentation.labels.iloc[at].nunique() < 2:
        return None
    labels = segmentation.labels.iloc[at]
    model = HistGradientBoostingClassifier(
        categorical_features=answers,
        max_iter=_TREES,
        max_leaf_nodes=15,
        early_stopping=False,
        random_state=seed,
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    values = np.column_stack(list(varying.values()))
    # One thread, so that histograms are summed in one order and the same seed gives the same digits.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        scores = cross_val_predict(model, values, labels.to_numpy(), cv=folds, method="predict_proba")
    return HeldOutScores(
        pd.DataFrame(scores, index=labels.index, columns=sorted(labels.unique())), labels, tuple(varying)
    )


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)


def _coded(column: pd.Series) -> NDArray[np.float64]:
    """Return numbers as they are, and answers by their place in the alphabet; missing as NaN."""
    if _is_number(column):
        return column.to_numpy(dtype=np.float64)
    codes, said = pd.factorize(column, sort=True)
    return np.where((codes >= 0) & (len(said) <= MOST_ANSWERS), codes, np.nan)


def _of_some_size(labels: pd.Series, at: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those of the customers at some places who are in a segment with enough of them for every fold."""
    counts = labels.iloc[at].value_counts()
    return at[labels.iloc[at].isin(counts.index[counts >= _FOLDS]).to_numpy()]


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
    response: Sequence[Evidence] = (),
) -> list[Evidence]:
    """Return, for every segment, whether it is distinct, and the parts which that rests on.

    Parameters
    ----------
    segmentation : Segmentation
        Whose segments.
    held_out : HeldOutScores or None
        What features say that had no part in making them.
    labels : mapping
        What people call each feature.
    settings : ValidateSettings
        From where on a part tells a segment from the rest.
    response : sequence of Evidence
        About the response of its segments after the date, as `response.response_evidence` gives it.

    Notes
    -----
    Two parts are out of sample: features not used to cluster, and the response after the date. Either shows a segment
    to be distinct. Effect sizes on features that it was cut along do not: any cut has large ones. They describe.
    """
    out = []
    for segment in segmentation.placed:
        auc_part = _held_out_auc(segmentation.name, segment.id, held_out, settings)
        effect = _largest_effect(segmentation.name, segment, labels, settings)
        asked = next((e for e in response if e.subject == (segment.id,) and e.unit == "share"), None)
        out += [_distinct(auc_part, effect, asked, settings.negligible_effect), auc_part, *([effect] if effect else [])]
    return out


def _distinct(held_out: Evidence, effect: Evidence | None, response: Evidence | None, negligible: float) -> Evidence:
    """Return the answer over the parts, with the number of the one that decides it."""
    shown = [e for e in (held_out, response) if e is not None and e.verdict is Verdict.PASS]
    tested = [e for e in (held_out, response) if e is not None and e.value is not None]
    described = effect is not None and abs(effect.value or 0.0) >= negligible
    if shown:
        verdict, reason = Verdict.PASS, " ".join(e.reason for e in shown)
    elif described or any(e.verdict is Verdict.WARN for e in tested if e.check == held_out.check):
        verdict = Verdict.WARN
        beside = " ".join(e.reason for e in (held_out, response) if e is not None)
        reason = f"Only what it was cut along sets it apart. {beside}" if described else beside
    elif tested or effect is not None:
        seen = "neither what it did before nor after" if response in tested else "in what it did before the date"
        verdict, reason = Verdict.FAIL, f"Nothing sets it apart from the rest, {seen}."
    else:
        verdict, reason = Verdict.NOT_TESTED, held_out.reason
    decides = next(iter((*shown, *tested, *([effect] if effect else []))), held_out)
    return replace(decides, question="distinct", check="distinct", verdict=verdict, reason=reason)


def _largest_effect(
    segmentation: str, segment: Segment, labels: Mapping[str, str], settings: ValidateSettings
) -> Evidence | None:
    if not segment.profile:
        return None
    name, found = max(segment.profile.items(), key=lambda item: abs(item[1].effect))
    return Evidence(
        segmentation,
        (segment.id,),
        "distinct",
        "largest_effect",
        found.effect,
        None,
        None,
        settings.min_effect,
        Verdict.PASS if abs(found.effect) >= settings.min_effect else Verdict.WARN,
        f"It differs most in {labels.get(name, name)}: Cliff's delta {signed(found.effect, 2)} against the rest. "
        "A description, not a test: the segments were cut along such features.",
        "delta",
        segment.size,
    )


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
        reason = "No feature that had no part in making it is left to tell it from the rest by."
        return evidence(None, None, 0.0, Verdict.NOT_TESTED, reason, 0)
    mine = (held_out.labels == segment_id).to_numpy()
    value, interval, chance = auc(held_out.scores[segment_id].to_numpy(), mine)
    told = interval[0] > settings.min_auc
    verdict = Verdict.PASS if told else Verdict.WARN if interval[0] > 0.5 + chance else Verdict.FAIL
    n = len(held_out.features)
    which = f"{n} features that had no part in making it tell" if n > 1 else "The one feature left out of it tells"
    reason = (
        f"{which} a member from the rest in {value:.0%} of pairs ({interval[0]:.0%} to {interval[1]:.0%}); with labels "
        f"at random it would be {0.5 - chance:.0%} to {0.5 + chance:.0%}."
    )
    return evidence(value, interval, chance, verdict, reason, int(mine.sum()))
