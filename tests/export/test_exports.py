"""The proof: every export selects exactly the customers that our own evaluator selects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot

from discovery import service
from discovery.core.errors import UsageError, WorkspaceError
from discovery.core.rule import All, AnyOf, Between, Compare, Fidelity, Not, OneOf
from discovery.core.run import Run
from discovery.core.strict_yaml import read_yaml
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import DIALECTS
from discovery.export.english import sentence
from discovery.features.catalogue import BY_NAME
from discovery.rules.evaluate import select
from discovery.rules.library import rules_from
from discovery.usecases.selected import selection_told

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module", params=["planted_workspace", "run_workspace"])
def workspace(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def run(workspace: Path) -> Run:
    found = service.open_workspace(workspace)
    return found.load(found.runs()[0].id)


def test_every_segment_of_a_clustering_has_a_rule(run: Run) -> None:
    for each in run.segmentations:
        ruled = {r.rule.segment_id for r in run.rules if r.segmentation == each.name}
        expected = {s.id for s in each.placed} if each.k > 1 else set()
        assert ruled == expected


def test_the_yaml_selects_the_same_customers_again(run: Run) -> None:
    files = service.export_run(run, "yaml")
    for name, text in files.items():
        again = rules_from(read_yaml(text, name), BY_NAME)
        mine = [r.rule for r in run.rules if f"{r.segmentation}.yaml" == name]
        assert [r.name for r in again] == [r.name for r in mine]
        for one, two in zip(again, mine, strict=True):
            assert (select(one.where, run.table) == select(two.where, run.table)).all()


def test_the_sql_selects_the_same_customers(run: Run, workspace: Path) -> None:
    files = service.export_run(run, "sql", "duckdb")
    assert len(files) == len(run.rules)
    with Engine() as engine:
        for table in ("profiles", "events"):
            engine.run(f"CREATE VIEW {table} AS SELECT * FROM {parquet(workspace / 'dataset' / f'{table}.parquet')}")
        for induced, text in zip(run.rules, files.values(), strict=True):
            found = [row[0] for row in engine.rows(text)]
            assert found == list(run.table.values.index[select(induced.rule.where, run.table)])


def test_what_a_rule_selects_stands_beside_it(run: Run) -> None:
    english = service.export_run(run, "english")["segments.txt"]
    assert english.endswith("\n")
    yaml = "".join(service.export_run(run, "yaml").values())
    files = service.export_run(run, "sql")
    for ruled, line, sql in zip(run.rules, english.splitlines(), files.values(), strict=True):
        chosen = set(run.table.customers[select(ruled.rule.where, run.table)])
        labels = run.segmentation(ruled.segmentation).labels
        inside = set(labels.index[labels == ruled.rule.segment_id])
        counted = f"It selects {len(chosen):,} customers at {run.as_of}"
        heading = " ".join(part for part in sql.splitlines() if part.startswith("-- "))
        for text in (line, heading):
            assert counted in text
            assert (f"{len(inside):,}" in text) or chosen == inside
            assert ("exactly the segment" in text) == (chosen == inside)
            assert ("it was not found on" in text) == (ruled.rule.fidelity is not None)
            assert ("stands before it" in text) == (ruled.rule.fidelity is None and len(chosen) > len(inside))
        assert f"# {ruled.rule.name}: {counted}" in yaml


def test_a_share_nobody_measured_is_not_a_number(run: Run) -> None:
    unknown = Fidelity(float("nan"), 0.5, float("nan"), 0.0, 12)
    ruled = replace(run.rules[-1], rule=replace(run.rules[-1].rule, fidelity=unknown))
    [_, measured] = selection_told(run, ruled)
    assert "an unknown share of those it selects" in measured
    assert "nan" not in measured


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_every_dialect_can_be_read_again(planted_run: Run, dialect: str) -> None:
    for text in service.export_run(planted_run, "sql", dialect).values():
        assert sqlglot.parse_one(text, read=dialect).find(sqlglot.exp.Where)


def test_the_fidelity_is_that_of_customers_held_out(planted_run: Run) -> None:
    for induced in planted_run.rules:
        if induced.segmentation == "rules":
            assert induced.rule.fidelity is None
            continue
        found = induced.rule.fidelity
        assert found is not None
        assert found.n == pytest.approx(len(planted_run.table) / 2, abs=1)
        assert 0 <= found.recall <= 1


def test_what_cannot_be_exported_is_said(planted_run: Run) -> None:
    with pytest.raises(UsageError, match="The form must be one of"):
        service.export_run(planted_run, "xml")
    with pytest.raises(UsageError, match="A dialect must be one of"):
        service.export_run(planted_run, "sql", "cobol")
    with pytest.raises(WorkspaceError, match="Did you mean 'kmeans'"):
        service.export_run(planted_run, "yaml", segmentation="kmean")


SENTENCES = {
    "one": Compare("orders_90d", ">=", 3),
    "and": All((Compare("days_since_last_order", "<=", 60), Compare("average_order_value", ">=", 75))),
    "or": All((AnyOf((OneOf("country", ("US", "CA")), Compare("orders", "=", 1))), Compare("revenue", "<", 2500))),
    "not": Not(Between("days_since_last_order", 120, 395)),
    "share": Between("share_discounted", 0.25, 0.5),
    "boolean": All((Compare("suppressed", "=", False), Compare("consent_email", "=", "subscribed"))),
}


def test_the_sentences_are_the_golden_ones() -> None:
    written = "".join(f"{name}: {sentence(where, BY_NAME, 'GBP')}\n" for name, where in SENTENCES.items())
    assert written == (GOLDEN / "english.txt").read_text(encoding="utf-8")
