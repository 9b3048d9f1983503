"""The SQL of every rule selects the customers that our own evaluator selects, on DuckDB and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot

from discovery import service
from discovery.core.rule import Condition, leaves
from discovery.engine.duckdb import Engine
from discovery.engine.sql import DIALECTS, translate
from discovery.rules.library import library_from
from discovery.rules.parse import parse
from discovery.store import read_entries
from discovery.usecases.measuring import selection_sql
from tests.conftest import ROOT
from tests.export.klaviyo.proof import Proof, proof_of, vocabulary
from tests.export.klaviyo.test_compile import STATED
from tests.export.postgres import Server, postgres, programs

Named = dict[str, Condition]


@pytest.fixture(scope="module")
def folder(simulated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sql-dataset")
    service.read_canonical(simulated_store, made)
    return made


@pytest.fixture(scope="module")
def rules(simulated_store: Path, folder: Path) -> tuple[Proof, Named]:
    """Every rule of the library that needs no prediction, and each stated measure compared with something."""
    dataset = service.read_canonical(simulated_store, folder)
    known = vocabulary(dataset)
    library = library_from(read_entries(ROOT / "configs" / "segments.yaml"), known)
    found = {rule.name: rule.where for rule in library.rules}
    truths = [text for text in STATED if known[text].kind == "boolean"]
    texts = [*(f"NOT {t}" for t in truths), *(f"{t} > 1" for t in STATED if t not in truths)]
    found |= {
        text: parse(text, known) for text in (*texts, "city LIKE '%on%' OR city LIKE 'New%' OR NOT city LIKE '%s'")
    }
    asked = {n: w for n, w in found.items() if all(known[leaf.feature].aggregate != "predicted" for leaf in leaves(w))}
    return proof_of(dataset, known, asked.values()), asked


def query(proof: Proof, where: Condition, dialect: str) -> str:
    return translate(selection_sql(where, proof.words, proof.table.as_of, proof.table.cutoffs), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_every_rule_can_be_read_back_in_every_dialect(rules: tuple[Proof, Named], dialect: str) -> None:
    proof, named = rules
    for name, where in named.items():
        text = query(proof, where, dialect)
        again = sqlglot.parse_one(text, read=dialect)
        assert again.find(sqlglot.exp.Where), name
        # sqlglot takes a dot within BigQuery's quotes for one between names; BigQuery itself allows none in a column.
        if not (dialect == "bigquery" and "property." in text):
            assert again.sql(dialect=dialect, pretty=True) == text, name


def test_duckdb_selects_the_same_people(rules: tuple[Proof, Named], folder: Path) -> None:
    proof, named = rules
    with Engine() as engine:
        for table in ("profiles", "events"):
            engine.run(f"CREATE TABLE {table} AS SELECT * FROM {engine.table(folder / f'{table}.parquet')}")
        for name, where in named.items():
            assert {str(row[0]) for row in engine.rows(query(proof, where, "duckdb"))} == proof.selected(where), name


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if programs() is None:
        pytest.skip("needs Debian's postgresql")
    place = tmp_path_factory.mktemp("pg")
    with postgres() as running, Engine() as engine:
        for table in ("profiles", "events"):
            running.load(engine, table, folder / f"{table}.parquet", place)
        yield running


def test_postgres_selects_the_same_people(rules: tuple[Proof, Named], server: Server) -> None:
    proof, named = rules
    differing = {}
    for name, where in named.items():
        found = server.rows(query(proof, where, "postgres"))
        assert found == sorted(found)
        if set(found) != proof.selected(where):
            differing[name] = (len(found), len(proof.selected(where)))
    assert differing == {}
