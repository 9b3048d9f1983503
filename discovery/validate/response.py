"""Response: what each segment did in the forward window, with an interval on every rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, test_proportions_2indep
from threadpoolctl import threadpool_limits

from discovery.core.evidence import Evidence, Verdict
from discovery.core.sampling import some_rows
from discovery.core.segment import UNASSIGNED, Segmentation
from discovery.core.settings import ValidateSettings
from discovery.validate.distinctness import auc
from discovery.validate.outcome import ForwardWindow
from discovery.validate.size import SMALLEST

_RESAMPLES = 999
_FOLDS = 5


def response_evidence(
    segmentation: Segmentation, forward: ForwardWindow, settings: ValidateSettings, seed: int
) -> list[Evidence]:
    """Return each segment's rate and revenue in the forward window, beside everyone's.

    A segment passes where its rate differs from that of all other placed customers (score test, Holm over segments):
    the response came after the segments were made and had no part in making them, so testing it is fair.
    """
    if forward.days == 0:
        return [
            _not_tested(segmentation.name, s.id, check, "The data end at the date: nothing was seen after it yet.")
            for s in segmentation.placed
            for check in ("forward_order_rate", "forward_revenue")
        ]
    placed = segmentation.labels != UNASSIGNED
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)
    revenue = forward.responses["revenue"].to_numpy(dtype=np.float64)
    members = {s.id: (segmentation.labels == s.id).to_numpy() for s in segmentation.placed}
    everyone = placed.to_numpy()
    overall = float(responded[everyone].mean()) if everyone.any() else 0.0
    average = float(revenue[everyone].mean()) if everyone.any() else 0.0
    p_values = [_against_rest(responded, mine, everyone & ~mine) for mine in members.values()]
    differs = _holm(p_values, settings.alpha)
    rng = np.random.default_rng(seed)
    out = []
    for (segment_id, mine), told in zip(members.items(), differs, strict=True):
        n, hits = int(mine.sum()), int(responded[mine].sum())
        if n < SMALLEST:
            reason = f"{n} customers are too few to show a rate."
            out += [
                _not_tested(segmentation.name, segment_id, c, reason) for c in ("forward_order_rate", "forward_revenue")
            ]
            continue
        rate = hits / n
        low, high = proportion_confint(hits, n, method="wilson")
        words = "differs from" if told else "cannot be told from"
        out.append(
            Evidence(
                segmentation.name,
                (segment_id,),
                "response",
                "forward_order_rate" if forward.rate_column == "ordered" else "forward_click_rate",
                rate,
                (min(float(low), rate), max(float(high), rate)),
                (overall, overall),
                None,
                Verdict.PASS if told else Verdict.WARN,
                f"{rate:.1%} {forward.rate_words} within {forward.days} days ({low:.1%} to {high:.1%}, n = {n:,}); "
                f"that {words} the other customers ({overall:.1%} over all).",
                "share",
                n,
            )
        )
        mean = float(revenue[mine].mean())
        bottom, top = _bootstrap(revenue[mine], rng)
        out.append(
            Evidence(
                segmentation.name,
                (segment_id,),
                "response",
                "forward_revenue",
                mean,
                (min(bottom, mean), max(top, mean)),
                (average, average),
                None,
                Verdict.PASS if not bottom <= average <= top else Verdict.WARN,
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
    responded = forward.responses[forward.rate_column].to_numpy(dtype=bool)[placed] if forward.days else np.array([])
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
            Verdict.PASS if interval[0] > 0.5 + chance else Verdict.WARN,
            f"Knowing only the segment ranks who {forward.rate_words} within {forward.days} days with AUC {value:.3f} "
            f"({interval[0]:.3f} to {interval[1]:.3f}){beside}.",
            "auc",
            len(labels),
        )
    ]


def reference_auc(features: pd.DataFrame, responded: NDArray[np.bool_], rows: int, seed: int) -> float | None:
    """Return the cross-validated AUC of a boosted classifier on all features, or None where it cannot be had."""
    if not _FOLDS <= responded.sum() <= len(responded) - _FOLDS:
        return None
    chosen = some_rows(len(features), rows, seed)
    target = responded[chosen]
    varying = features.iloc[chosen].loc[:, lambda frame: frame.nunique() > 1]
    if varying.empty:
        return None
    if not _FOLDS <= target.sum() <= len(target) - _FOLDS:
        return None
    model = HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.05, max_leaf_nodes=8, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    with threadpool_limits(1):
        scores = cross_val_predict(model, varying.to_numpy(dtype=np.float64), target, cv=folds, method="predict_proba")
    return auc(scores[:, 1], target)[0]


def _against_rest(responded: NDArray[np.bool_], mine: NDArray[np.bool_], rest: NDArray[np.bool_]) -> float:
    """Return the p-value of a score test of two rates; 1 where there is nothing to test."""
    a, n, b, m = int(responded[mine].sum()), int(mine.sum()), int(responded[rest].sum()), int(rest.sum())
    if n < SMALLEST or m < SMALLEST or a + b in (0, n + m):
        return 1.0
    return float(test_proportions_2indep(a, n, b, m, method="score", compare="diff").pvalue)


def _holm(p_values: list[float], alpha: float) -> list[bool]:
    if not p_values:
        return []
    return [bool(r) for r in multipletests(p_values, alpha=alpha, method="holm")[0]]


def _bootstrap(values: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    """Return a 95 % percentile interval of the mean; beyond 5,000 customers the normal one, which then agrees."""
    if len(values) > 5_000:
        half = 1.96 * float(values.std(ddof=1)) / float(np.sqrt(len(values)))
        return float(values.mean()) - half, float(values.mean()) + half
    means = [rng.choice(values, len(values)).mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _not_tested(segmentation: str, segment_id: str, check: str, reason: str) -> Evidence:
    return Evidence(segmentation, (segment_id,), "response", check, None, None, None, None, Verdict.NOT_TESTED, reason)
