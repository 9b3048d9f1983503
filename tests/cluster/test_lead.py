"""What leads a cut for use: learnt from the quarter before, and from nothing after the date."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.stores import drawn
from discovery.cluster.lead import History, Led, lead, led_from_plain
from discovery.cluster.shrink import Shrinkage, shrink
from discovery.core.records import Records, records_from_frame
from discovery.core.settings import ClusterSettings

DAYS = 90
SETTINGS = ClusterSettings()


def quarter_later(before: Records, ordered: NDArray[np.bool_]) -> Records:
    """Return the records one quarter on, in which some ordered again ten days before its end."""
    frame = before.as_frame()
    age = frame["age"] + DAYS
    return records_from_frame(
        frame.assign(
            age=age,
            recency=np.where(ordered, age - 10, frame["recency"]),
            repeats=frame["repeats"] + ordered,
            orders=frame["orders"] + ordered,
            log_total=frame["log_total"] + 4.0 * ordered,
            log_squares=frame["log_squares"] + 16.0 * ordered,
        )
    )


@pytest.fixture(scope="module")
def planted() -> tuple[Shrinkage, History, NDArray[np.bool_]]:
    """A store in which only those who buy at weekends come back, whatever the order process would expect."""
    before = drawn("smooth, strongly tied", 3_000, seed=4)[0]
    weekends = before.counts["weekend"]
    ordered = weekends[:, 0] > weekends[:, 1]
    now = quarter_later(before, ordered)
    return shrink(now, clip=3.0), History(now, before, DAYS), ordered


def test_it_finds_what_brought_customers_back(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted
    led = lead(shrinkage, history, SETTINGS, seed=7)
    weekends = history.now.counts["weekend"]
    again = weekends[:, 0] > weekends[:, 1]
    assert led.rehearsed
    assert roc_auc_score(again, led.transform(history.now)[:, -1]) > 0.95
    expected = lead(shrinkage, replace(history, before=None), SETTINGS, seed=7)
    assert roc_auc_score(again, expected.transform(history.now)[:, -1]) < 0.85


def test_the_other_columns_stay_as_they_are(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted
    led = lead(shrinkage, history, SETTINGS, seed=7)
    points = led.transform(history.now)
    assert led.names == (*shrinkage.names, "orders to come")
    np.testing.assert_array_equal(points[:, :-1], shrinkage.transform(history.now))
    assert points[:, -1].std() == pytest.approx(led.weight, rel=0.1)


def test_it_is_stored_as_plain_numbers(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted
    led = lead(shrinkage, history, SETTINGS, seed=7)
    back = led_from_plain(json.loads(json.dumps(led.as_plain())))
    np.testing.assert_array_equal(back.transform(history.now), led.transform(history.now))


def test_too_few_to_learn_from(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted
    assert history.before is not None
    nobody = replace(history, before=history.before.taken(np.arange(150)))
    found = lead(shrinkage, nobody, SETTINGS, seed=7)
    assert not found.rehearsed
    assert found.weight == SETTINGS.lead


def test_the_weight_is_the_lightest_that_loses_little(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted

    def weight(loss: float) -> float:
        return lead(shrinkage, history, replace(SETTINGS, lead_loss=loss), seed=7).weight

    assert weight(0.5) == SETTINGS.lead
    assert weight(0.0) > SETTINGS.lead


def test_an_order_of_the_day_before_the_rehearsal_is_known_and_not_foretold() -> None:
    frame = drawn("smooth, strongly tied", 1_000, seed=4)[0].as_frame()
    before = records_from_frame(frame.assign(recency=np.where(frame["repeats"] > 0, frame["age"], frame["recency"])))
    now = quarter_later(before, np.zeros(len(before), dtype=bool))
    # Nobody ordered since, so there is nothing to learn from.
    assert not lead(shrink(now, clip=3.0), History(now, before, DAYS), SETTINGS, seed=7).rehearsed


def test_what_each_number_of_segments_loses_is_kept(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted
    losses = lead(shrinkage, history, SETTINGS, seed=7).rehearsed
    assert list(losses) == list(range(SETTINGS.band_low, SETTINGS.band_high + 1))
    assert losses[SETTINGS.band_high] <= SETTINGS.lead_loss
    # Of customers who all come back for one reason, any cut that follows it loses little.
    assert all(-0.01 < loss < 0.1 for loss in losses.values())


def test_the_order_of_customers_does_not_matter(planted: tuple[Shrinkage, History, NDArray[np.bool_]]) -> None:
    shrinkage, history, _ = planted
    assert history.before is not None
    mixed = np.random.default_rng(1).permutation(len(history.now))
    shuffled = replace(history, before=history.before.taken(mixed))

    def learnt(given: History) -> Led:
        return lead(shrinkage, given, replace(SETTINGS, lead_loss=0.5), seed=7)

    one, two = learnt(history), learnt(shuffled)
    np.testing.assert_allclose(one.transform(history.now), two.transform(history.now), atol=1e-4)
