"""Substantial: size, share of revenue, and the smallest difference in response this size can show."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from statsmodels.stats.proportion import power_proportions_2indep

from discovery.core.bounds import SMALLEST
from discovery.core.evidence import Evidence, Verdict
from discovery.core.many import many
from discovery.core.segment import Segmentation
from discovery.core.settings import ValidateSettings


def detectable_difference(n: int, rest: int, rate: float, alpha: float, power: float) -> float:
    """Return the smallest rise above `rate` that `n` customers beside `rest` others can show, NaN where none can.

    Parameters
    ----------
    n, rest : int
        Customers of the segment, and of the rest.
    rate : float
        Response of the rest, 0 to 1.
    alpha, power : float
        Error rate of the two-sided test, and the chance of seeing the difference.

    Examples
    --------
    >>> round(detectable_difference(500, 500, 0.03, 0.05, 0.8), 3)
    0.038
    """
    if n < 2 or rest < 2:
        return float("nan")
    base = min(max(rate, 1e-3), 1 - 1e-3)

    def missing_power(difference: float) -> float:
        found = power_proportions_2indep(difference, base, n, ratio=rest / n, alpha=alpha, return_results=False)
        return float(found) - power

    # The normal approximation is not to be trusted to the very end of the scale.
    top = 1 - base - 1e-6
    if missing_power(top) < 0:
        return float("nan")
    return float(brentq(missing_power, 1e-6, top, xtol=1e-5))


def size_evidence(segmentation: Segmentation, rate: float | None, settings: ValidateSettings) -> list[Evidence]:
    """Return, for every segment, its size and the smallest difference in response it can show.

    `rate` is everyone's response; where it is not known, one half, where a difference is hardest to see.
    """
    base = 0.5 if rate is None else rate
    total = sum(s.size for s in segmentation.placed)
    out = []
    for segment in segmentation.placed:
        smallest = detectable_difference(segment.size, total - segment.size, base, settings.alpha, settings.power)
        told = not np.isnan(smallest)
        enough = told and smallest <= settings.detectable
        verdict = Verdict.PASS if enough else Verdict.FAIL if segment.size < SMALLEST else Verdict.WARN
        shows = f"it can show {100 * smallest:.1f} points" if told else "it can show no difference"
        out.append(
            Evidence(
                segmentation.name,
                (segment.id,),
                "substantial",
                "size",
                float(segment.size),
                None,
                None,
                float(SMALLEST),
                Verdict.PASS if segment.size >= SMALLEST else Verdict.FAIL,
                f"{many(segment.size, 'customer')}, {segment.share:.1%} of all.",
                "customers",
                segment.size,
            )
        )
        out.append(
            Evidence(
                segmentation.name,
                (segment.id,),
                "substantial",
                "detectable_difference",
                smallest if told else None,
                None,
                None,
                settings.detectable,
                verdict if told else Verdict.NOT_TESTED,
                f"With {many(segment.size, 'customer')} {shows} in response; {100 * settings.detectable:g} is asked.",
                "share",
                segment.size,
            )
        )
    return out
