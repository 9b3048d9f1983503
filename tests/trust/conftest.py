"""How hard the hostile tests try: a little in ``make test``, the same cases every time; long in ``make nightly``."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.conftest import NIGHTLY

#: Hostile inputs of each fuzz, and moments at which the main job is killed.
CASES, KILLS = (10_000, 100) if NIGHTLY else (500, 4)


def cases(share: float = 1.0) -> settings:
    """Return the settings of a test that takes its share of the cases; at night they differ from night to night."""
    return settings(
        max_examples=int(CASES * share),
        derandomize=not NIGHTLY,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
