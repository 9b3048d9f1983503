"""Response: what each segment did in the forward window, with an interval on every rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_ind
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from statsmodels.stats.proportion import test_proportions_2indep
from threadpoolctl import threadpool_limits

from discovery.core.bounds import SMALLEST
from discovery.core.evidence import Evidence, Verdict
from discovery.core.intervals import Amounts, rate_intervals
from discovery.core.many import many
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.distinctness import auc
from discovery.validate.outcome import ForwardWindow

_NOTHING_SEEN = "The data end at the date: nothing was seen after it yet."
_FOLDS = 5


def response_evidence(segmentation: Segmentation, forward: ForwardWindow, settings: ValidateSettings) -> list[Evidence]:
    """Return each segment's rate and revenue in the forward window, beside everyone's.

    A segment passes where its rate differs from that of all other placed customers (score test), and its revenue where
    its mean does (`amounts_against_rest`), each after Holm over segments: the response came after the segments were
    made and had no part in making them, so testing it is fair. A response without a time never passes.
    """
    placed = (segmentation.labels != UNASSIGNED).to_numpy()
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)
    revenue = forward.responses["revenue"].to_numpy(dtype=np.float64)
    members = {s.id: (segmentation.labels == s.id).to_numpy() for s in segmentation.placed}
    overall = float(responded[placed].mean()) if placed.any() else 0.0
    average = float(revenue[placed].mean()) if placed.any() else 0.0
    all_hits, everyone = int(responded[placed].sum()), int(placed.sum())
    p_values = [against_rest(int(responded[m].sum()), int(m.sum()), all_hits, everyone) for m in members.values()]
    differs = holm(p_values, settings.alpha)
    pays = [amounts_against_rest(revenue[m], revenue[placed & ~m]) for m in members.values()]
    pays_otherwise = holm(pays, settings.alpha)
    out = []
    for (segment_id, mine), told, pays_told in zip(members.items(), differs, pays_otherwise, strict=True):
        subject, n = (segment_id,), int(mine.sum())
        few = f"{many(n, 'customer is', 'customers are')} too few to show a rate." if n < SMALLEST else ""
        if few or not forward.seen:
            out.append(_not_tested(segmentation.name, subject, forward.check, few or _NOTHING_SEEN))
        else:
            rate, interval = rate_interval(int(responded[mine].sum()), n)
            words = "differs from" if told else "cannot be told from"
            out.append(
                Evidence(
                    segmentation.name,
                    subject,
                    "response",
                    forward.check,
                    rate,
                    interval,
                    (overall, overall),
                    None,
                    Verdict.PASS if told and forward.dated else Verdict.WARN,
                    f"{rate:.1%} {forward.said} ({interval[0]:.1%} to {interval[1]:.1%}, n = {n:,}); "
                    f"that {words} the other customers ({overall:.1%} over all).{forward.caveat}",
                    "share",
                    n,
                )
            )
        if few or not revenue.any():
            unseen = "Nobody paid anything after the date." if forward.days else _NOTHING_SEEN
            out.append(_not_tested(segmentation.name, subject, "forward_revenue", few or unseen))
        else:
            mean, (bottom, top) = mean_interval(revenue[mine], revenue[placed])
            out.append(
                Evidence(
                    segmentation.name,
                    subject,
                    "response",
                    "forward_revenue",
                    mean,
                    (bottom, top),
                    (average, average),
                    None,
                    Verdict.PASS if pays_told else Verdict.WARN,
                    f"{mean:,.2f} {forward.currency} net revenue per customer within {forward.days} days "
                    f"({bottom:,.2f} to {top:,.2f}); everyone {average:,.2f}.",
                    "money",
                    n,
                )
            )
    return out


def forward_value(segmentation: Segmentation, forward: ForwardWindow, reference: float | None) -> list[Evidence]:
    """Return how well the segment alone says who responds: the AUC of its rate, cross-fitted in two halves.

    Parameters
    ----------
    segmentation, forward
        Who is where, and what they did.
    reference : float or None
        The AUC of a boosted classifier on all features, as a ceiling.
    """
    name = segmentation.name
    placed = (segmentation.labels != UNASSIGNED).to_numpy()
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)[placed] if forward.seen else np.array([])
    if segmentation.k < 2 or not 1 < responded.sum() < len(responded) - 1:
        reason = "Too little was seen after the date, or too few segments, to judge what they say about the future."
        return [Evidence(name, (), "response", "forward_auc", None, None, None, reference, Verdict.NOT_TESTED, reason)]
    labels = segmentation.labels.to_numpy()[placed]
    halves = np.arange(len(labels)) % 2 == 0
    scores = np.empty(len(labels))
    for half in (halves, ~halves):
        rates = pd.Series(responded[~half]).groupby(labels[~half]).mean()
        scores[half] = pd.Series(labels[half]).map(rates).fillna(responded[~half].mean()).to_numpy()
    value, interval, chance = auc(scores, responded)
    beside = "" if reference is None else f"; a boosted classifier on all features reaches {reference:.3f}"
    return [
        Evidence(
            name,
            (),
            "response",
            "forward_auc",
            value,
            interval,
            (0.5 - chance, 0.5 + chance),
            reference,
            Verdict.PASS if interval[0] > 0.5 + chance and forward.dated else Verdict.WARN,
            f"Knowing only the segment ranks who {forward.said} with AUC {value:.3f} "
            f"({interval[0]:.3f} to {interval[1]:.3f}){beside}.{forward.caveat}",
            "auc",
            len(labels),
        )
    ]


def reference_auc(
    features: Mapping[str, pd.Series], responded: NDArray[np.bool_], inside: NDArray[np.int64], rows: int, seed: int
) -> float | None:
    """Return the cross-validated AUC of a boosted classifier on all features, or None where it cannot be had.

    `inside` are the places of the customers who count, of whom at most `rows` are looked at.
    """
    if not _FOLDS <= responded[inside].sum() <= len(inside) - _FOLDS:
        return None
    chosen = inside[some_rows(len(inside), rows, seed)]
    target = responded[chosen]
    columns = [column.iloc[chosen] for column in features.values()]
    varying = [column.to_numpy(dtype=np.float64) for column in columns if column.nunique() > 1]
    if not varying:
        return None
    if not _FOLDS <= target.sum() <= len(target) - _FOLDS:
        return None
    model = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.05, max_leaf_nodes=8, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    with threadpool_limits(1):
        scores = cross_val_predict(model, np.column_stack(varying), target, cv=folds, method="predict_proba")
    return auc(scores[:, 1], target)[0]


def against_rest(hits: int, n: int, all_hits: int, everyone: int) -> float:
    """Return the p-value of a score test of a group's rate against that of all others; 1 where nothing can be tested.

    Parameters
    ----------
    hits, n : int
        Of the group.
    all_hits, everyone : int
        Of everyone, the group among them.
    """
    rest = everyone - n
    if n < SMALLEST or rest < SMALLEST or all_hits in (0, everyone):
        return 1.0
    # It also works out ratios, which a rate of nobody has not.
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(test_proportions_2indep(hits, n, all_hits - hits, rest, method="score", compare="diff").pvalue)


def amounts_against_rest(mine: NDArray[np.float64], rest: NDArray[np.float64]) -> float:
    """Return the p-value of a test of a group's mean amount against all others'; 1 where nothing can be tested.

    Notes
    -----
    The larger one of Welch's and Student's. Where hardly anybody of a group paid, it shows too little of how amounts
    differ, and to Welch's nought of fifty is certain; where a small group's amounts differ more than the others',
    Student's errs.

    Examples
    --------
    >>> nobody, few = np.zeros(50), np.repeat([0.0, 40.0], [970, 30])
    >>> round(amounts_against_rest(nobody, few), 2)
    0.21
    """
    if min(len(mine), len(rest)) < SMALLEST or not max(np.ptp(mine), np.ptp(rest)) > 0:
        return 1.0
    return max(float(ttest_ind(mine, rest, equal_var=alike).pvalue) for alike in (True, False))


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Return which of several tests hold, with the chance of any false one among them at most `alpha` (Holm 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.02], 0.05)
    [True, True, True]
    >>> holm([0.01, 0.04, 0.03], 0.05)
    [True, False, False]
    """
    # Not statsmodels' multipletests: it collects garbage at every call, which takes longer than all else here.
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    holds = np.empty(len(p), dtype=bool)
    holds[order] = np.logical_and.accumulate(p[order] <= alpha / np.arange(len(p), 0, -1))
    return [bool(each) for each in holds]


def rate_interval(hits: int, n: int) -> tuple[float, tuple[float, float]]:
    """Return a rate with its 95 % interval (Wilson).

    Examples
    --------
    >>> rate, (low, high) = rate_interval(0, 50)
    >>> rate, low, round(high, 3)
    (0.0, 0.0, 0.071)
    """
    low, high = rate_intervals(np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64))
    return hits / n, (float(low), float(high))


def mean_interval(values: NDArray[np.float64], everyone: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
    """Return a mean amount with its 95 % interval: what is not certain of who pays, and of what payers pay.

    Parameters
    ----------
    values : array, shape (customers,)
        What each customer of a group brought; 0 for nothing, below 0 for refunds that outweigh orders.
    everyone : array
        The same of all customers, the group among them.

    Examples
    --------
    >>> mean, (low, high) = mean_interval(np.zeros(50), np.array([0.0, 0.0, 20.0, 40.0]))
    >>> mean, low, round(high, 2)
    (0.0, 0.0, 2.14)
    """
    low, high = Amounts.of(values).interval(Amounts.of(everyone))
    return float(values.mean()), (float(low), float(high))


def _not_tested(segmentation: str, subject: tuple[str, ...], check: str, reason: str) -> Evidence:
    return Evidence(segmentation, subject, "response", check, None, None, None, None, Verdict.NOT_TESTED, reason)
