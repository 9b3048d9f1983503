"""Lifetime models agree with what is published, with simulation, and with their own laws; thin data are refused."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from discovery.core.dataset import midnight
from discovery.core.errors import DataError, UsageError
from discovery.engine.duckdb import Engine
from discovery.engine.sql import DIALECTS, translate
from discovery.features.lifetime import (
    Fitted,
    History,
    LifetimeSettings,
    fit,
    fit_first,
    fit_value,
    gate,
    geometric,
    history_from_frame,
    history_from_orders,
    history_sql,
    pareto,
    predict,
)
from discovery.features.lifetime.backtest import Backtest, accuracy, backtest, churn_auc, top_capture
from discovery.features.lifetime.fit import MODELS
from discovery.features.lifetime.history import compress

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
EPOCH = date(1970, 1, 1)
WEEKS_39 = 273

positive = st.floats(0.05, 20.0)
scales = st.floats(0.5, 300.0)


def load_benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_lifetime", ROOT / "benchmarks" / "lifetime.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


benchmark = load_benchmark()


@pytest.fixture(scope="module")
def cdnow():
    if not (SHARED / "cdnow").is_dir():
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail("CDNOW must lie in ../shared/data/cdnow.")
        pytest.skip("CDNOW is not in ../shared/data/cdnow")
    return benchmark.cdnow(SHARED)


@pytest.fixture(scope="module")
def simulated():
    return benchmark.simulate(60_000, days=540, seed=3)


@pytest.fixture(scope="module")
def fits(simulated):
    return {name: fit(simulated.history, name) for name in MODELS}


def known(model: str = "pareto_nbd") -> Fitted:
    """Return a fit with parameters like those of CDNOW, in days."""
    values = {"pareto_nbd": (0.55, 74, 0.61, 82), "mbg_nbd": (0.52, 43, 0.89, 1.6), "bg_nbd": (0.24, 31, 0.79, 2.4)}
    return Fitted(model, dict(zip(MODELS[model].names, values[model], strict=True)), -1.0, True, 1, 1, 1)


def some(rows: list[tuple[int, float, float]]) -> History:
    """Return a history of (repeat orders, recency, age) rows."""
    x, tx, age = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return History(np.arange(len(rows)), x, tx, age, np.where(x > 0, 20.0, np.nan), 20.0 * (x + 1))


def shuffled(history: History, order: np.ndarray) -> History:
    return History(*(getattr(history, f.name)[order] for f in fields(history)))


@st.composite
def histories(draw: st.DrawFn) -> History:
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        x = draw(st.integers(0, 300))
        tx = draw(st.floats(max(1, x), 700)) if x else 0.0
        rows.append((x, tx, tx + draw(st.floats(0, 700))))
    return some(rows)


# --- published numbers ---------------------------------------------------------------------------------------------


@pytest.mark.real_data
def test_cdnow_counts_are_those_of_the_published_summary(cdnow):
    history = cdnow(benchmark.CALIBRATED)
    summary = pd.read_csv(SHARED / "cdnow" / "cdnow_customers_summary.csv")
    assert len(history) == 2357
    assert (history.frequency > 0).sum() == 946
    assert (history.frequency == summary["frequency"]).all()
    assert np.abs(history.recency / 7 - summary["recency"]).max() < 0.0051
    assert np.abs(history.age / 7 - summary["T"]).max() < 0.0051


@pytest.mark.real_data
@pytest.mark.parametrize("model", ["pareto_nbd", "bg_nbd"])
def test_cdnow_parameters_are_the_published_ones(cdnow, model):
    fitted = fit(cdnow(benchmark.CALIBRATED), model).in_units(7)
    published = benchmark.PUBLISHED[model]
    assert {name: f"{value:.3f}" for name, value in fitted.params.items()} == {
        name: published[name] for name in fitted.params
    }
    assert f"{fitted.log_likelihood:.1f}" == published["log likelihood"]
    assert fitted.converged


@pytest.mark.real_data
def test_cdnow_order_values_are_the_published_ones(cdnow):
    fitted = fit_value(cdnow(benchmark.CALIBRATED))
    assert {name: f"{value:.2f}" for name, value in fitted.params.items()} == {"p": "6.25", "q": "3.74", "v": "15.44"}
    assert fitted.n == 946


@pytest.mark.real_data
def test_cdnow_holdout_is_as_good_as_published_and_better_than_the_past_count(cdnow):
    result = backtest(cdnow, benchmark.HELD_OUT, WEEKS_39)
    assert result.fitted_at == benchmark.CALIBRATED
    assert result.model.cells()[:4] == ("pareto_nbd", "0.755", "1.603", "-12%")
    assert result.past_count.cells()[1:3] == ("0.897", "1.971")
    assert f"{result.model.churn_auc:.3f}" == "0.771"
    assert result.past_count.top_capture < result.model.top_capture < result.best.top_capture


@pytest.mark.real_data
def test_cdnow_alive_of_bg_nbd_would_mislead(cdnow):
    history, later = cdnow(benchmark.CALIBRATED), cdnow(benchmark.HELD_OUT)
    fitted = fit(history, "bg_nbd")
    away = later.frequency == history.frequency
    assert f"{churn_auc(away, fitted.probability_no_order(history, WEEKS_39)):.3f}" == "0.757"
    params = np.array(list(fitted.params.values()))
    alive = geometric.alive(params, history.frequency, history.recency, history.age, at_first=False)
    assert churn_auc(away, 1 - alive) < 0.4
    with pytest.raises(UsageError, match="ordered once"):
        fitted.probability_alive(history)


@pytest.mark.real_data
def test_cdnow_through_sql_is_the_same(cdnow):
    names = ["master_id", "customer_key", "date", "cds", "value"]
    orders = pd.read_csv(SHARED / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names)
    at = pd.to_datetime(orders["date"].astype(str)).astype("datetime64[us]").astype("int64")
    with Engine() as engine:
        engine.load("events", events(orders["customer_key"], at + 3_600_000_000, orders["value"]))
        found = history_from_frame(engine.frame(history_sql(benchmark.CALIBRATED, "events", free_orders=True)))
    same(found, cdnow(benchmark.CALIBRATED))


# --- the likelihood ------------------------------------------------------------------------------------------------


def quiet(k: float, a: float, s: float, b: float, span: float) -> float:
    return float(pareto.quiet(np.array([k]), np.array([a]), s, np.array([b]), np.array([span]))[0])


def exactly_quiet(k: float, a: float, s: float, b: float, span: float) -> float:
    """Return what `pareto.quiet` is defined as, by adaptive quadrature."""

    def integrand(growth: float) -> float:
        t = np.expm1(growth)
        return s / b * np.exp(-k * np.log1p(t / a) - (s + 1) * np.log1p(t / b) + growth)

    # Steep at 0 for many orders: pieces there, in log(1 + t).
    edges = [0.0, *np.geomspace(1e-6, 1, 13) * np.log1p(span)]
    gone = sum(quad(integrand, low, high, epsabs=0, epsrel=1e-11)[0] for low, high in pairwise(edges))
    return gone + np.exp(-k * np.log1p(span / a) - s * np.log1p(span / b))


counts = st.sampled_from([0, 1, 2, 5, 50, 600])


@settings(max_examples=60)
@given(positive, scales, positive, scales, counts, st.floats(0.01, 1), st.floats(1, 1_000))
def test_quiet_is_the_integral_for_all_parameters(r, alpha, s, beta, x, part, age):
    tx = age * part if x else 0.0
    at = (r + x, alpha + tx, s, beta + tx, age - tx)
    assert quiet(*at) == pytest.approx(exactly_quiet(*at), rel=1e-4)


@settings(max_examples=60)
@given(*[st.floats(0.2, 3), st.floats(3, 40)] * 2, counts, st.floats(0.01, 1), st.floats(1, 200))
def test_quiet_is_exact_where_parameters_are_usual(r, alpha, s, beta, x, part, age):
    tx = age * part if x else 0.0
    at = (r + x, alpha + tx, s, beta + tx, age - tx)
    assert quiet(*at) == pytest.approx(exactly_quiet(*at), rel=1e-10)


@pytest.mark.parametrize("params", [(0.55, 10.6, 0.61, 11.7), (1.2, 8.0, 0.5, 20.0), (1.5, 30.0, 2.0, 9.0)])
def test_pareto_likelihood_is_the_published_closed_form(params):
    r, alpha, s, beta = params
    x, tx, age = (
        np.array(c, dtype=float) for c in zip(*[(0, 0, 39), (1, 3, 39), (4, 30, 38), (26, 33, 35)], strict=True)
    )
    more, least = max(alpha, beta), (s + 1 if alpha >= beta else r + x)
    distance = abs(alpha - beta)

    def term(time):
        argument = distance / (more + time)
        return hyp2f1(r + s + x, least, r + s + x + 1, argument) / (more + time) ** (r + s + x)

    braces = (alpha + age) ** -(r + x) * (beta + age) ** -s + s / (r + s + x) * (term(tx) - term(age))
    closed = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(braces)
    assert pareto.log_likelihood(np.array(params), x, tx, age)[0] == pytest.approx(closed, abs=1e-8)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25)
@given(params=st.tuples(*[st.floats(0.2, 5.0)] * 4), history=histories())
def test_slope_is_the_derivative(model, params, history):
    at = np.array(params)
    rows = (history.frequency, history.recency / 50, history.age / 50)
    value, slope = MODELS[model].log_likelihood(at, *rows)
    assert np.isfinite(value).all()
    for i, nudge in enumerate(np.eye(4) * 1e-5):
        above, below = (MODELS[model].log_likelihood(at + sign * nudge, *rows)[0] for sign in (1, -1))
        assert slope[i] == pytest.approx((above - below) / 2e-5, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=20)
@given(history=histories(), days=st.floats(1, 800))
def test_no_order_is_the_ratio_of_likelihoods(model, history, days):
    own, params = MODELS[model], np.array(list(known(model).params.values()))
    rows = (history.frequency, history.recency)
    later = own.log_likelihood(params, *rows, history.age + days)[0]
    ratio = np.exp(later - own.log_likelihood(params, *rows, history.age)[0])
    assert known(model).probability_no_order(history, days) == pytest.approx(ratio, abs=1e-9)


@pytest.mark.parametrize("at_first", [False, True])
def test_expected_orders_of_the_geometric_models_are_the_published_closed_form(at_first):
    params = r, alpha, a, b = np.array([0.24, 4.4, 0.79, 2.43])
    x, tx, age = (np.array(c, dtype=float) for c in zip(*[(0, 0, 39), (2, 30.4, 38.9), (20, 30, 35)], strict=True))
    n, span = x + at_first, 39.0
    series = hyp2f1(r + x, b + n, a + b + n - 1, span / (alpha + age + span))
    closed = (a + b + n - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + span)) ** (r + x) * series)
    closed *= geometric.alive(params, x, tx, age, at_first)
    assert geometric.expected(params, x, tx, age, span, at_first) == pytest.approx(closed, rel=1e-8)


# --- laws ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_order_of_customers_changes_no_bit_of_a_fit(model):
    history = benchmark.simulate(2_000, whole_days=True).history
    order = np.random.default_rng(1).permutation(len(history))
    mixed = shuffled(history, order)
    fitted = fit(history, model)
    assert fit(mixed, model) == fitted
    assert (fitted.expected_orders(mixed, 90) == fitted.expected_orders(history, 90)[order]).all()
    assert fit_value(mixed).params == fit_value(history).params


def test_compression_is_exact():
    history = benchmark.simulate(3_000, days=300, whole_days=True).history
    rows = compress(history)
    assert len(rows.weight) < len(history) == rows.weight.sum()
    for name in ("frequency", "recency", "age"):
        assert (getattr(rows, name)[rows.place] == getattr(history, name)).all()
    params = np.array(list(known().params.values()))
    once = pareto.log_likelihood(params, rows.frequency, rows.recency, rows.age)[0] @ rows.weight
    all_of_them = pareto.log_likelihood(params, history.frequency, history.recency, history.age)[0].sum()
    assert once == pytest.approx(all_of_them, rel=1e-12)
    apart = replace(rows, **{name: getattr(history, name) for name in ("frequency", "recency", "age")},
                    weight=np.ones(len(history)))  # fmt: skip
    assert fit(apart).params == pytest.approx(fit(rows).params, rel=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_times_in_another_unit_scale_alpha_and_beta_only(model):
    history = benchmark.simulate(3_000, days=400, seed=5).history
    times = {"recency": history.recency / 7, "age": history.age / 7}
    days, weeks = fit(history, model), fit(replace(history, **times), model)
    converted = days.in_units(7)
    for name, value in weeks.params.items():
        assert value == pytest.approx(days.params[name] / (7 if name in ("alpha", "beta") else 1), rel=1e-6)
        assert value == pytest.approx(converted.params[name], rel=1e-6)
    assert converted.log_likelihood == pytest.approx(weeks.log_likelihood)
    assert converted.expected_orders(history, 90) == pytest.approx(days.expected_orders(history, 90))
    assert converted.days_until_order(history, 0.2) == pytest.approx(days.days_until_order(history, 0.2), nan_ok=True)
    assert weeks.probability_no_order(replace(history, **times), 10) == pytest.approx(
        days.probability_no_order(history, 70), rel=1e-5
    )


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=20)
@given(history=histories(), days=st.lists(st.floats(0, 2_000), min_size=2, max_size=5))
def test_probabilities_and_expectations_keep_their_range_and_order(model, history, days):
    fitted = known(model)
    horizons = sorted(days)
    silent = np.array([fitted.probability_no_order(history, d) for d in horizons])
    orders = np.array([fitted.expected_orders(history, d) for d in horizons])
    assert ((silent >= 0) & (silent <= 1)).all()
    assert (orders >= 0).all()
    assert (np.diff(silent, axis=0) <= 1e-12).all()
    assert (np.diff(orders, axis=0) >= -1e-12).all()
    # At least one order has at most the expected number of them as its probability.
    assert (1 - silent <= orders + 1e-9).all()
    assert fitted.probability_no_order(history, 0) == pytest.approx(1)
    if model != "bg_nbd":
        alive = fitted.probability_alive(history)
        assert ((alive >= 0) & (alive <= 1)).all()
        assert (1 - silent <= alive + 1e-9).all()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("given_order", [False, True])
def test_an_order_has_come_with_the_stated_probability_by_the_stated_day(model, given_order):
    history, fitted = some([(0, 0, 30), (3, 200, 210), (90, 700, 705), (1, 5, 700), (2, 0.5, 2_000)]), known(model)
    ever = 1 - fitted.probability_no_order(history, 1_000) if given_order else np.ones(len(history))
    within = fitted.days_until_order(history, 0.3, 1_000, given_order)
    for i, day in enumerate(within):
        if np.isnan(day):
            assert 1 - fitted.probability_no_order(history, 1_000)[i] < 0.3 * ever[i]
        else:
            assert 1 - fitted.probability_no_order(history, day)[i] == pytest.approx(0.3 * ever[i], abs=1e-6)
    low, high = fitted.next_order_window(history, 0.5, 1_000, given_order)
    assert not (low > high).any()
    assert given_order == (not np.isnan(low).any())
    with pytest.raises(UsageError, match="between 0 and 1"):
        fitted.next_order_window(history, 1.0)


@pytest.mark.parametrize("model", MODELS)
def test_hundreds_of_orders_give_finite_numbers(model):
    history = some([(700, 720, 721), (300, 720, 730), (500, 600, 730), (2_000, 3_000, 3_001), (0, 0, 0), (1, 1, 1)])
    fitted = known(model)
    table = predict(history, fitted, None)
    assert np.isfinite(fitted.expected_orders(history, 365)).all()
    assert np.isfinite(fitted.probability_no_order(history, 90)).all()
    # One order a day until yesterday: nearly as many again, and an order tomorrow.
    assert 250 < table["predicted_orders_365d"][0] < 360
    assert table["next_order_to_days"][0] < 5
    # 500 orders, then silence for 130 days: gone.
    assert table["probability_no_order_90d"][2] > 0.999
    usual = benchmark.simulate(2_000, seed=2).history
    columns = [np.append(getattr(usual, f.name), getattr(history, f.name)) for f in fields(History)[1:]]
    assert np.isfinite(fit(History(np.arange(2_006), *columns), model).log_likelihood)


# --- simulation ----------------------------------------------------------------------------------------------------


def test_parameters_are_recovered(simulated, fits):
    truth = {"r": 0.55, "alpha": 74.0, "s": 0.61, "beta": 82.0}
    assert fits["pareto_nbd"].converged
    assert fits["pareto_nbd"].params == pytest.approx(truth, rel=0.12)
    value = fit_value(simulated.history)
    assert value.params == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.44}, rel=0.12)


def test_predictions_are_what_happens_to_simulated_customers(simulated):
    """Each customer's true rate and moment of leaving are known, so the truth carries no noise of single orders."""
    history, fitted, days = simulated.history, known(), 200.0
    here = np.clip(simulated.left - history.age, 0, days)
    orders, silent = simulated.rate * here, np.exp(-simulated.rate * here)
    alive = simulated.left > history.age
    expected, quiet = fitted.expected_orders(history, days), fitted.probability_no_order(history, days)
    still = fitted.probability_alive(history)
    since = history.age - history.recency
    groups = [history.frequency == 0, history.frequency == 1, (history.frequency > 1) & (since < 30),
              (history.frequency > 1) & (since > 120), history.frequency > 8]  # fmt: skip
    for group in groups:
        for truth, predicted in ((orders, expected), (silent, quiet), (alive, still)):
            noise = truth[group].std() / np.sqrt(group.sum())
            assert predicted[group].mean() == pytest.approx(truth[group].mean(), abs=4 * noise)


def test_the_other_models_come_near_too(simulated, fits):
    history = simulated.history
    silent = np.exp(-simulated.rate * np.clip(simulated.left - history.age, 0, 90))
    for name in ("mbg_nbd", "bg_nbd"):
        assert fits[name].converged
        assert fits[name].probability_no_order(history, 90).mean() == pytest.approx(silent.mean(), abs=0.03)


def test_mbg_takes_over_where_pareto_does_not_converge():
    history = benchmark.simulate(500, (0.3, 30.0, 1.5, 400.0), 365, seed=2).history
    assert not fit(history).converged
    assert fit_first(history).model == "mbg_nbd"
    assert fit_first(history).converged
    assert gate(history, fit_first(history)) == []


# --- value ---------------------------------------------------------------------------------------------------------


def test_expected_value_lies_between_everyones_mean_and_ones_own(simulated):
    fitted = fit_value(simulated.history)
    p, q, v = (fitted.params[name] for name in "pqv")
    rows = some([(0, 0, 99), (1, 50, 99), (10, 50, 99), (400, 90, 99)])
    rows = replace(rows, mean_value=[np.nan, 100.0, 100.0, 100.0])
    value = fitted.expected_value(rows)
    assert value[0] == pytest.approx(p * v / (q - 1))
    assert (np.diff(value) > 0).all()
    assert 99 < value[-1] < 100
    history = simulated.history
    cents = fit_value(replace(history, mean_value=history.mean_value * 100))
    assert cents.params == pytest.approx({"p": p, "q": q, "v": 100 * v}, rel=1e-4)


def test_value_needs_two_repeat_customers_and_a_finite_mean():
    with pytest.raises(DataError, match="At least two"):
        fit_value(some([(0, 0, 9), (1, 3, 9)]))
    same_value = fit_value(some([(1, 3, 9)] * 50))
    assert not same_value.converged
    assert np.isnan(same_value.expected_value(some([(1, 3, 9)]))).all()


# --- refusals ------------------------------------------------------------------------------------------------------


def test_each_gate_names_its_reason():
    good = benchmark.simulate(600, days=400, seed=2).history
    fitted = fit_first(good)
    assert gate(good, fitted) == []
    few = shuffled(good, np.arange(100))
    young = replace(good, recency=good.recency / 4, age=good.age / 4)
    stopped = replace(good, age=good.age + 31)
    twice = shuffled(good, np.flatnonzero(good.frequency <= 1))
    lenient = LifetimeSettings(min_customers=100)
    for history, model, limits, reason in (
        (few, fitted, None, "500 customers with an order are needed, got 100"),
        (young, fitted, None, "180 days of history are needed"),
        (stopped, fitted, None, "order within the last 30 days"),
        (twice, fitted, lenient, "3 or more days, the most is 2"),
        (good, replace(fitted, converged=False), None, "did not converge"),
    ):
        refused = gate(history, model, limits)
        assert len(refused) == 1
        assert reason in refused[0]
    assert gate(few, fitted, lenient) == []
    with pytest.raises(DataError, match="must have converged"):
        predict(good, replace(fitted, converged=False))


@pytest.mark.parametrize("model", MODELS)
def test_everybody_with_one_order_is_refused_and_nothing_breaks(model):
    chance = np.random.default_rng(0)
    for history in (
        some([(0, 0, age) for age in chance.integers(0, 400, 3_000)]),
        some([(0, 0, 99)]),
        some([(0, 0, 0)]),
    ):
        fitted = fit(history, model)
        assert not fitted.converged
        assert any("3 or more days" in reason for reason in gate(history, fitted))
        assert any("converge" in reason for reason in gate(history, fitted))


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([(1, 0, 9)], "exactly where there are repeat orders"),
        ([(0, 3, 9)], "exactly where there are repeat orders"),
        ([(1, 9, 3)], "0 <= recency <= age"),
        ([(1.5, 3, 9)], "whole repeat days"),
        ([(-1, 3, 9)], "whole repeat days"),
        ([(1, np.nan, 9)], "for everyone"),
    ],
)
def test_an_impossible_history_is_refused(rows, fault):
    with pytest.raises(DataError, match=fault):
        some(rows)


def test_a_history_must_hold_somebody_once_in_equal_columns():
    with pytest.raises(DataError, match="at least one customer"):
        History(*[np.array([])] * 6)
    with pytest.raises(DataError, match="one length"):
        replace(some([(0, 0, 9)]), age=[1.0, 2.0])
    with pytest.raises(DataError, match="customer once"):
        replace(some([(0, 0, 9), (0, 0, 9)]), customer=["a", "a"])
    with pytest.raises(ValueError, match="read-only"):
        some([(0, 0, 9)]).age[0] = 1


def test_unknown_models_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match="pareto_nbd"):
        fit(some([(0, 0, 9)]), "pareto")
    with pytest.raises(UsageError, match="At least one"):
        fit_first(some([(0, 0, 9)]), ())


# --- from events ---------------------------------------------------------------------------------------------------


def events(customer, at, value, event="placed_order", cancelled_at=None) -> pd.DataFrame:
    frame = pd.DataFrame({"customer_key": customer, "event": event, "at": at, "value": value})
    return frame.assign(cancelled_at=pd.array([cancelled_at] * len(frame), dtype="Int64"))


def same(found: History, expected: History) -> None:
    for each in fields(History):
        left, right = getattr(found, each.name), getattr(expected, each.name)
        assert left == pytest.approx(right, nan_ok=True, abs=1e-9), each.name


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-400, 40), st.integers(1, 99_999)), min_size=1, max_size=40))
def test_sql_and_arrays_agree_and_see_nothing_from_the_date_on(orders):
    as_of = date(2025, 6, 1)
    customer, day, cents = (np.array(column) for column in zip(*orders, strict=True))
    customer, day, cents = (np.append(column, first) for column, first in ((customer, 9), (day, -1), (cents, 100)))
    at = midnight(as_of) + day * 86_400_000_000 + 80_000_000_000 * (cents % 2)
    first_unseen = (as_of - EPOCH).days
    expected = history_from_orders(customer, first_unseen + day, cents / 100, first_unseen)
    past = day < 0
    same(history_from_orders(customer[past], first_unseen + day[past], cents[past] / 100, first_unseen), expected)
    with Engine() as engine:
        engine.load("events", events(customer, at, cents / 100))
        same(history_from_frame(engine.frame(history_sql(as_of, "events"))), expected)


def test_only_paid_orders_that_stand_count():
    as_of = date(2025, 6, 1)
    end, day = midnight(as_of), 86_400_000_000
    rows = [
        events([1, 1, 1], [end - 50 * day, end - 20 * day, end - 20 * day + 5], [10.0, 20.0, 5.0]),
        events([1], [end - 10 * day], [99.0], cancelled_at=end - day),
        events([1], [end - 5 * day], [7.0], cancelled_at=end),
        events([1, 2], [end - 4 * day, end - 4 * day], [0.0, 0.0]),
        events([1, 3], [end - 3 * day, end - 3 * day], [50.0, 50.0], event="refunded_order"),
    ]
    with Engine() as engine:
        engine.load("events", pd.concat(rows))
        found = history_from_frame(engine.frame(history_sql(as_of, "events")))
        free = history_from_frame(engine.frame(history_sql(as_of, "events", free_orders=True)))
    same(found, History([1], [2], [45], [49], [16.0], [42.0]))
    assert list(free.customer) == [1, 2]
    assert free.frequency[0] == 3


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_query_can_be_said_in_every_dialect(dialect):
    said = translate(history_sql(date(2025, 6, 1), "events"), dialect)
    assert "mean_value" in said
    assert "//" not in said or dialect == "duckdb"


# --- predictions and back-test ---------------------------------------------------------------------------------------


def test_predictions_are_one_row_per_customer_with_the_horizon_in_the_name(fits):
    history = replace(some([(0, 0, 99), (3, 60, 99)]), customer=["b", "a"])
    value = fit_value(benchmark.simulate(5_000).history)
    table = predict(history, fits["pareto_nbd"], value, horizon_days=180, churn_days=30)
    assert list(table.index) == ["b", "a"]
    assert list(table) == [
        "predicted_orders_180d",
        "predicted_value_180d",
        "historic_value",
        "total_value",
        "probability_no_order_30d",
        "next_order_from_days",
        "next_order_to_days",
        "mean_days_between_orders",
    ]
    assert table["total_value"].tolist() == (table["historic_value"] + table["predicted_value_180d"]).tolist()
    assert np.isnan(table["mean_days_between_orders"]["b"])
    assert table["mean_days_between_orders"]["a"] == 20
    without = predict(history, fits["pareto_nbd"])
    assert {"predicted_orders_365d", "probability_no_order_90d"} <= set(without)
    assert without["predicted_value_365d"].isna().all()
    shown = predict(history, fits["pareto_nbd"], settings=LifetimeSettings(window_given_order=True))
    assert shown[["next_order_from_days", "next_order_to_days"]].notna().all(axis=None)


@pytest.fixture(scope="module")
def store():
    """Return the history, at any date, of 3,000 simulated customers' single orders."""
    chance = np.random.default_rng(11)
    start = chance.uniform(0, 400, 3_000)
    rate, stay = chance.gamma(0.6, 1 / 60, 3_000), chance.exponential(1 / chance.gamma(0.7, 1 / 90, 3_000))
    rows = []
    for i, seen in enumerate(np.minimum(stay, 800)):
        rows += [(i, start[i] + t) for t in (0.0, *chance.uniform(0, seen, chance.poisson(rate[i] * seen)))]
    customer, day = (np.array(column) for column in zip(*rows, strict=True))
    first, value = date(2024, 1, 1), chance.gamma(6.0, 5.0, len(rows))
    return lambda as_of: history_from_orders(customer, np.floor(day).astype(int), value, (as_of - first).days)


def test_backtest_compares_with_what_happened(store):
    as_of = date(2025, 3, 1)
    result = backtest(store, as_of, 180)
    before, after = store(as_of - timedelta(days=180)), store(as_of)
    later = pd.Series(after.frequency, after.customer)[before.customer].to_numpy() - before.frequency
    assert (result.customers, result.orders) == (len(before), later.sum())
    assert result.model.mae == pytest.approx(np.abs(result.fitted.expected_orders(before, 180) - later).mean())
    assert result.model.rmse < result.past_count.rmse
    assert abs(result.model.bias) < 0.1 < abs(result.past_count.bias)
    assert result.model.churn_auc > 0.7
    assert result.predicted_value == pytest.approx(result.value, rel=0.2)
    text, page = str(result), result._repr_html_()
    assert isinstance(result, Backtest)
    for shown in ("past count repeated", "days since last order", "best possible", "top 10%", "MAE", "Value:"):
        assert shown in text
        assert shown in page
    assert "nan" not in text


def test_backtest_is_refused_in_words(store):
    with pytest.raises(DataError, match="180 days of history"):
        backtest(store, date(2025, 3, 1), 365)
    with pytest.raises(DataError, match="last order was"):
        backtest(store, date(2029, 3, 1), 180)
    once = some([(0, 0, age) for age in range(200)] * 3)
    with pytest.raises(DataError, match="3 or more days"):
        backtest(lambda as_of: once, date(2025, 3, 1), 30)


def test_ties_share_their_places():
    actual, level = np.array([3.0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0]), np.ones(10)
    assert top_capture(actual, actual) == 0.75
    assert top_capture(actual, level) == pytest.approx(0.1)
    assert churn_auc(actual == 0, level) == 0.5
    order = np.random.default_rng(0).permutation(10)
    assert top_capture(actual[order], -actual[order]) == top_capture(actual, -actual)
    nothing = accuracy("x", np.zeros(4), np.ones(4), np.ones(4)).cells()
    assert nothing == ("x", "1.000", "1.000", "-", "-", "-")


def test_benchmark_runs(capsys):
    benchmark.main(["--customers", "3000", "--data", "nowhere"])
    assert "| fit pareto_nbd |" in capsys.readouterr().out
