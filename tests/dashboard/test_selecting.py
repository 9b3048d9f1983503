"""Customers selected in words, as somebody without a mouse does: whom the rule and the segment say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from discovery import service
from discovery.charts import customer_map
from discovery.charts.format import count
from discovery.core.many import many
from discovery.core.run import Run
from tests.dashboard.test_pages import text

Open = Callable[..., AppTest]
RULE = "orders >= 3 AND days_since_last_order <= 200"


def test_a_rule_selects_whom_it_selects_anywhere(open_app: Open, runs: tuple[Run, ...]) -> None:
    run = runs[0]
    inside = service.evaluate_rules(run.table, {"x": RULE})["x"]
    app = open_app("segments", by="KMeans")
    assert "customers selected" not in text(app)
    app.text_input(key="selects").input(RULE).run()
    assert not app.error
    assert f"{many(int(inside.sum()), 'customer')} selected: " in text(app)
    labels = run.segmentation("kmeans").labels
    first = run.segmentation("kmeans").segment(labels[inside].mode()[0])
    app.selectbox(key="among").select(first.name).run()
    both = int((inside & (labels == first.id)).sum())
    assert 10 <= both < inside.sum()
    assert f"{many(both, 'customer')} selected: 100.0% in {first.name}" in text(app)
    app.text_input(key="selects").input("").run()
    assert f"{many(first.size, 'customer')} selected: 100.0% in {first.name}" in text(app)


def test_what_cannot_be_read_and_nobody_and_a_few(open_app: Open, runs: tuple[Run, ...]) -> None:
    app = open_app("segments", by="KMeans", selects="ordrs >= 3")
    assert "'orders'" in app.error[0].value
    assert "customers selected" not in text(app)
    app.text_input(key="selects").input("orders < 0").run()
    assert "Nobody is selected." in text(app)
    most = runs[0].table.column("revenue").nlargest(3).min()
    app.text_input(key="selects").input(f"revenue >= {most}").run()
    assert "3 customers selected" in text(app)
    assert "Too few to describe" in text(app)


def test_a_large_map_begins_with_a_part_of_its_points(
    open_app: Open, runs: tuple[Run, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_map, "QUICK", 100)
    app = open_app("segments")
    customers = f"{count(len(runs[0].table))} customers, like beside like"
    assert f"100 of {customers}" in text(app)
    [drawn] = [c for c in app.segmented_control if c.label == "Customers drawn"]
    drawn.select("All of them").run()
    assert f"100 of {customers}" not in text(app)
    assert customers in text(app)
