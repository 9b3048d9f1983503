"""The same questions to DuckDB and to Spark: every feature must be the same, to the last digit."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from benchmarks.stores import drawn
from discovery.cluster.kmeans import fit_centres
from discovery.cluster.mixture import fit_mixture
from discovery.cluster.prepare import prepare
from discovery.cluster.shrink import shrink
from discovery.cluster.stored import assign_frame
from discovery.core.dataset import Dataset
from discovery.core.feature import FeatureTable
from discovery.core.rule import leaves
from discovery.engine.duckdb import Engine
from discovery.engine.query import QueryEngine
from discovery.engine.spark import SparkEngine
from discovery.features.catalogue import CATALOGUE
from discovery.rules.evaluate import membership, select
from discovery.rules.library import library_from
from discovery.rules.parse import parse
from discovery.store import read_entries
from discovery.usecases.measuring import measure, selection_sql, vocabulary_of
from tests.stores import read_store, write_store

# The tests of a file run on one worker, so one Java process serves all of these.
AS_OF = date(2024, 3, 1)


@pytest.fixture(scope="module")
def spark() -> Iterator[QueryEngine]:
    if shutil.which("java") is None:
        pytest.skip("needs Java: apt-get install openjdk-17-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("needs PySpark: pip install 'segment-discovery[spark]'")
    with SparkEngine() as engine:
        yield engine


def edge_cases() -> pd.DataFrame:
    """No orders, one order, ties at midnight, events exactly at the date, missing money, 29 February."""
    day = datetime(2024, 3, 1)
    rows: list[tuple[object, ...]] = [
        ("none", "viewed_product", day - timedelta(days=3), None, None, "p1", None, None),
        ("one", "placed_order", day - timedelta(days=1), 10.0, "o1", None, 1.0, None),
        ("tie", "placed_order", datetime(2024, 2, 1), 10.01, "o2", None, 1.0, 0.0),
        ("tie", "placed_order", datetime(2024, 2, 1), 20.02, "o3", None, 2.0, 3.0),
        ("tie", "placed_order", datetime(2024, 2, 1), 0.1, "o4", None, 2.0, 3.0),
        ("edge", "placed_order", day - timedelta(microseconds=1), 33.33, "o5", None, 1.0, 0.0),
        ("edge", "placed_order", day, 44.44, "o6", None, 1.0, 0.0),
        ("edge", "placed_order", day - timedelta(days=90), 0.3, "o7", None, 1.0, 0.0),
        ("edge", "placed_order", day - timedelta(days=90, microseconds=1), 0.7, "o8", None, 1.0, 0.0),
        ("leap", "placed_order", datetime(2024, 2, 29, 23, 59, 59), 5.0, "o9", None, 1.0, None),
        ("leap", "placed_order", datetime(2023, 2, 28), 5.0, "o10", None, 1.0, None),
        ("leap", "placed_order", datetime(2022, 11, 25, 12), 7.0, "o13", None, 1.0, None),
        ("money", "placed_order", datetime(2024, 1, 5), None, "o11", None, None, None),
        ("money", "placed_order", datetime(2024, 1, 6), 0.0, "o12", None, 1.0, 0.0),
        ("money", "refunded_order", datetime(2024, 1, 7), -3.0, "o12", None, None, None),
        ("mail", "opened_email", datetime(2024, 2, 20), None, None, None, None, None),
        ("mail", "clicked_email", datetime(2024, 2, 20), None, None, None, None, None),
        ("mail", "bounced_email", datetime(2024, 2, 21), None, None, None, None, None),
        ("mail", "added_to_cart", datetime(2024, 2, 22), None, None, "p2", None, None),
        ("tie", "ordered_product", datetime(2024, 2, 1), 10.01, "o2", "p1", 1.0, None),
        ("tie", "ordered_product", datetime(2024, 2, 1), 10.01, "o3", "p2", 1.0, None),
        ("tie", "ordered_product", datetime(2024, 2, 1), 10.01, "o3", None, 1.0, None),
    ]
    columns = ["customer_id", "event", "at", "value", "order_id", "product_id", "quantity", "discount"]
    return pd.DataFrame(rows, columns=columns)


def assert_same(one: FeatureTable, two: FeatureTable) -> None:
    assert [f.name for f in one.features] == [f.name for f in two.features]
    assert one.cutoffs == two.cutoffs
    for feature in one.features:
        a, b = one.values[feature.name], two.values[feature.name]
        assert_series_equal(a, b, check_exact=True, check_dtype=False, check_names=False, obj=feature.name)


def both(spark: QueryEngine, dataset: Dataset, as_of: date) -> tuple[FeatureTable, FeatureTable]:
    with Engine() as engine:
        return measure(engine, dataset, as_of).table, measure(spark, dataset, as_of).table


def test_every_feature_is_the_same_on_edge_cases(spark: QueryEngine, tmp_path: Path) -> None:
    with Engine() as engine:
        dataset = read_store(engine, write_store(tmp_path / "s", edge_cases()))
    one, two = both(spark, dataset, AS_OF)
    assert len(one.features) == len(CATALOGUE)
    assert_same(one, two)
    assert one.values["orders"].to_dict() == {
        "edge": 3, "leap": 3, "mail": 0, "money": 0, "none": 0, "one": 1, "tie": 3
    }  # fmt: skip
    assert one.values["orders_90d"]["edge"] == 2


#: One of every function of the rule language, and what only it can say.
STATED = (
    "orders(days => 90) >= 1",
    "orders(days => 200, skip => 30) >= 1",
    "events('viewed_product', days => 60, category IN ('yoga', 'toys'), machine <> TRUE) >= 1",
    "events('placed_order', value >= 40, weekday >= 5) >= 1",
    "orders(season => 'last_november_december') = 0 AND orders >= 1",
    "orders(since => '2025-02-01', until => '2025-02-28') >= 1",
    "spent(days => 365) > 100 OR value('refunded_order') < 0",
    "days_since('opened_email', machine <> TRUE) BETWEEN 10 AND 60",
    "days_since_first('placed_order') <= 90",
    "birthday_within(days => 45)",
    "birthday_this_month()",
    "sample(percent => 10, seed => 7)",
    "distance_miles('US', '10001') <= 800",
    "distance_km_to(51.5, -0.12) <= 1200.5",
    "city LIKE 'S%' OR city LIKE '%n' OR city LIKE '%ng%'",
    "city IS NULL AND NOT country IS NULL",
    "property('interest') = 'yoga' OR property('pet') = 'dog'",
    "has('topics', 'yoga') OR items('topics') >= 3",
    "days_since_property('anniversary') BETWEEN 6000 AND 12000",
    "birthday BETWEEN '1980-01-01' AND '1999-12-31'",
)


def test_every_function_of_the_language_is_the_same(spark: QueryEngine, simulated_store: Path, tmp_path: Path) -> None:
    as_of = date(2025, 10, 1)
    with Engine() as engine:
        dataset = read_store(engine, shutil.copytree(simulated_store, tmp_path / "s"))
        known = vocabulary_of(engine, dataset)
        trees = [parse(text, known) for text in STATED]
        names = [leaf.feature for tree in trees for leaf in leaves(tree)]
        one, two = (measure(each, dataset, as_of, names).table for each in (engine, spark))
        assert_same(one, two)
        for text, tree in zip(STATED, trees, strict=True):
            mine = list(one.values.index[select(tree, one)])
            sql = selection_sql(tree, known, as_of, one.cutoffs)
            for name, path in (("profiles", dataset.profiles_path), ("events", dataset.events_path)):
                engine.run(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {engine.table(path)}")
            assert [r[0] for r in engine.rows(sql)] == mine, text
            assert 0 < len(mine) < len(one), text


def test_the_whole_library_selects_the_same(spark: QueryEngine, simulated_store: Path, tmp_path: Path) -> None:
    as_of = date(2025, 10, 1)
    with Engine() as engine:
        dataset = read_store(engine, shutil.copytree(simulated_store, tmp_path / "s"))
        known = vocabulary_of(engine, dataset)
        library = library_from(read_entries(Path(__file__).parents[2] / "configs" / "segments.yaml"), known)
        assert len(library.rules) > 80
        names = [leaf.feature for rule in library.rules for leaf in leaves(rule.where)]
        where = {rule.name: rule.where for rule in library.rules}
        one, two = (membership(where, measure(each, dataset, as_of, names).table) for each in (engine, spark))
    assert_frame_equal(one, two)


def stored_models() -> dict[str, tuple[dict[str, object], pd.DataFrame]]:
    """A model of each sort, as a run keeps it, and the table it places customers of."""
    records, _ = drawn("regular, sales, presents", 600, seed=3)
    shrinkage = shrink(records, clip=3.0)
    points = shrinkage.transform(records)
    mixture = fit_mixture(records, points, 3, seed=1, starts=2)
    features = records.as_frame()[["repeats", "recency", "log_total"]]
    preparation = prepare(features, clip=3.0)

    def kmeans(space: str, made: dict[str, object], of: object) -> dict[str, object]:
        return {"kind": "kmeans", "space": space, "preparation": made, "centres": fit_centres(of, 4, 1, 3).tolist()}

    plain = dict(preparation.as_plain())
    return {
        "mixture": ({**mixture.as_plain(), "space": "shrunken"}, records.as_frame()),
        "kmeans of records": (kmeans("shrunken", shrinkage.as_plain(), points), records.as_frame()),
        "kmeans of features": (kmeans("features", plain, preparation.transform(features)), features),
    }


@pytest.mark.parametrize("name", ["mixture", "kmeans of records", "kmeans of features"])
def test_a_stored_model_places_customers_on_executors_as_here(spark: SparkEngine, name: str) -> None:
    model, frame = stored_models()[name]
    session = spark._session
    text = session.sparkContext.broadcast(json.dumps(model))

    def place(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        stored: Mapping[str, object] = json.loads(text.value)
        for part in parts:
            yield assign_frame(stored, part.set_index("customer_id")).reset_index()

    here = assign_frame(model, frame)
    rows = session.createDataFrame(frame.rename_axis("customer_id").reset_index()).repartition(5)
    there = rows.mapInPandas(place, "customer_id string, segment_id string, strength double").toPandas()
    there = there.set_index("customer_id").sort_index()
    assert here["segment_id"].nunique() > 2
    assert there["segment_id"].to_dict() == here["segment_id"].to_dict()
    assert_series_equal(there["strength"], here["strength"], check_names=False, check_index_type=False, rtol=1e-9)
