"""Klaviyo's segments as rules of ours: every example told apart, and the way there and back is equivalent."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from discovery import service
from discovery.cli import app
from discovery.core.errors import AbsentError
from discovery.export.klaviyo.compile import compile_rule
from discovery.export.klaviyo.measures import DIMENSIONS, Known
from discovery.export.klaviyo.metric_ids import metrics
from discovery.export.klaviyo.shapes import as_document
from discovery.features.catalogue import BY_NAME, CATALOGUE
from discovery.features.properties import property_features
from discovery.rules.library import rules_from
from discovery.rules.parse import parse
from discovery.rules.vocabulary import Vocabulary
from discovery.store import read_entries
from tests.export.klaviyo.account import Store
from tests.export.klaviyo.examples import EXAMPLES, INVALID, VALID, definition, places, replaced
from tests.export.klaviyo.interpreter import members
from tests.export.klaviyo.proof import PLACES, vocabulary
from tests.export.klaviyo.test_definition import JSON

#: Valid, but nothing that our data hold or our language says; each with the part that says why.
INEXPRESSIBLE = {
    "g10": "counted in days, not in hours",
    "g13": "do not hold Items",
    "g14": "do not hold Items",
    "g15": "Discount Codes cannot be filtered by existence is-set",
    "g16": "Name cannot be filtered by string regex",
    "g17": "no time anniversary-last",
    "g18": "no email that a rule may ask for",
    "g25": "we count whole days since a date; before is none",
    "g26": "cannot ask for calendar-month",
    "g27": "no phone_number that a rule may ask for",
    "g28": "profile-group-membership",
    "g29": "profile-group-membership",
    "g31": "since when, or how, consent was given",
    "g32": "since when, or how, consent was given",
    "g33": "since when, or how, consent was given",
    "g35": "consent on push",
    "g38d": "historic_clv is a number of Klaviyo's own",
    "g38e": "historic_number_of_orders is a number of Klaviyo's own",
    "g39": "expected_date_of_next_purchase",
    "g40": "predicted_gender",
    "g41": "profile-predictive-analytics",
    "g42": "profile-has-custom-object",
    "g43": "profile-permissions",
    "g44": "profile-metric-funnel",
    "d09": "no Current RFM group",
}
IMPORTED = [name for name in VALID if name not in INEXPRESSIBLE]
NAMES = {ident: name for name, ident in EXAMPLES["metric_ids"].items()}
OWN = {
    **{"property.days_since_last_order": "number", "property.is_wholesale": "boolean", "property.interests": None},
    **{"property.renewal_date": "date", "property.last_order_date": "date", "property.discount_order_share": "number"},
    **{"property.segment_discovery_cluster": "text", "property.skin_concern": "text"},
}


WORDS = Vocabulary({**BY_NAME, **{f.name: f for f in property_features(OWN)}}, lists=["property.interests"])  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def account(simulated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Vocabulary]:
    """A store whose customers have everything the examples ask for, and what its rules may speak of."""
    dataset = service.read_canonical(simulated_store, tmp_path_factory.mktemp("imported"))
    profiles, events = (pd.read_parquet(path) for path in (dataset.profiles_path, dataset.events_path))
    rng = np.random.default_rng(3)
    n, today = len(profiles), dataset.data_end

    def some(values: list[Any]) -> pd.Series:
        return pd.Series([values[i] for i in rng.integers(0, len(values), n)], dtype="object")

    days = [today + timedelta(days=int(d)) for d in (-400, -365, -300, -181, -180, -179, -1, 0, 1, 13, 14, 15)]
    profiles["property.days_since_last_order"] = some([None, 5.0, 30.0, 31.0])
    profiles["property.is_wholesale"] = some([None, True, False])
    profiles["property.interests"] = some([None, ["running"], ["running", "tea"], ["tea"], []])
    profiles["property.renewal_date"] = some([None, *days])
    profiles["property.last_order_date"] = some([None, *days])
    profiles["property.discount_order_share"] = some([None, 0.0, 0.5, 0.7])
    profiles["property.segment_discovery_cluster"] = some([None, "cluster-03", "cluster-04"])
    profiles["property.skin_concern"] = some([None, "dryness"])
    line = events["event"] == "ordered_product"
    events.loc[line, "product"] = np.resize(["Linen Shorts", "Tea", "Mug"], line.sum())
    events.loc[line, "product_id"] = np.resize(["SH-1", "SH-2", "T-1", "M-1", "M-2"], line.sum())
    # Every other customer reads nothing, of mail that comes five times as often.
    silent = events["customer_id"].isin(profiles["customer_id"][::2]) & (events["event"] == "opened_email")
    received = events[events["event"] == "received_email"]
    events = pd.concat([events[~silent], *[received] * 4], ignore_index=True)
    people = profiles["customer_id"].tolist()
    own = pd.DataFrame({d: rng.choice([0.2, 0.5, 0.8, 2.0, 3.0], n) for d in DIMENSIONS.values()}, index=people)
    named = {f.name: f for f in (*CATALOGUE, *property_features(OWN))}  # type: ignore[arg-type]
    words = Vocabulary(named, vocabulary(dataset)._events, [c for c, kind in OWN.items() if kind is None])
    ids = {**NAMES, **{name: name for name in NAMES.values()}, "Checkout Started": "Checkout Started"}
    return Store(profiles, events, today, ids, predictions=own, places=PLACES), words


def imported(name: str) -> tuple[service.ImportedSegment, str]:
    ((answer,), text) = service.import_rules(VALID.get(name) or INVALID[name], NAMES)
    return answer, text


def test_every_example_is_told_apart() -> None:
    found = {name: imported(name)[0] for name in (*VALID, *INVALID)}
    verdicts = {name: answer.verdict for name, answer in found.items()}
    expected = {
        **dict.fromkeys(IMPORTED, "imported"),
        **dict.fromkeys(INEXPRESSIBLE, "valid but not expressible here"),
        **dict.fromkeys(INVALID, "invalid"),
    }
    assert (len(VALID), len(INVALID)) == (61, 10)
    assert verdicts == expected
    for name, why in INEXPRESSIBLE.items():
        assert why in " ".join(found[name].reasons), name
    for answer in found.values():
        assert bool(answer.where) == (answer.verdict == "imported")
        assert all(reason.startswith("condition_groups[") for reason in answer.reasons)


@pytest.mark.parametrize("name", IMPORTED)
def test_there_and_back_selects_the_same_people(name: str, account: tuple[Store, Vocabulary]) -> None:
    store, words = account
    where = parse(imported(name)[0].where, words)
    known = Known(words, store.as_of, predictive=True)
    back = compile_rule(where, known)
    assert back.properties == {}
    (again,) = back.definitions
    wanted = members(definition(VALID[name]), store)
    assert members(as_document(again), store) == wanted
    assert wanted
    # A second time there and back changes nothing any more, but that days ahead are said by two bounds.
    ((answer,), _) = service.import_rules(as_document(again), NAMES)
    assert answer.verdict == "imported"
    if name != "g24":
        assert compile_rule(parse(answer.where, words), known).definitions == (again,)


@pytest.mark.parametrize("name", ["g11", "g20", "g21", "g23", "g30", "g34", "g36", "g38a", "g38c", "d05", "d07", "d08"])
def test_what_needs_no_other_words_comes_back_as_it_was(name: str, account: tuple[Store, Vocabulary]) -> None:
    store, words = account
    (back,) = compile_rule(
        parse(imported(name)[0].where, words), Known(words, store.as_of, predictive=True)
    ).definitions
    text = json.dumps(as_document(back))
    for metric in metrics([back]):
        text = text.replace(f'"{metric}"', f'"{EXAMPLES["metric_ids"][metric]}"')
    assert json.loads(text) == definition(VALID[name])


@given(name=st.sampled_from(list(VALID)), value=JSON, data=st.data())
def test_anything_is_told_apart_and_what_is_imported_can_be_read(name: str, value: Any, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([p for p, _ in places(VALID[name])]))
    answers, _ = service.import_rules(replaced(VALID[name], place, value), NAMES)
    for answer in answers:
        assert (answer.where != "") == (answer.verdict == "imported") == (answer.reasons == ())
        if answer.where:
            with contextlib.suppress(AbsentError):
                parse(answer.where, WORDS)


def test_a_metric_is_found_by_either_side_of_its_map_or_by_its_name() -> None:
    payload = VALID["g01"]
    for names in (NAMES, EXAMPLES["metric_ids"]):
        assert service.import_rules(payload, names)[0][0].where == "orders(days => 30) >= 1"
    by_name = json.loads(json.dumps(payload).replace("PLCORD", "Placed Order"))
    assert service.import_rules(by_name, {})[0][0].verdict == "imported"
    ((lacking,), _) = service.import_rules(payload, {})
    assert "the metric PLCORD has no name" in lacking.reasons[0]


def as_answered(name: str) -> dict[str, Any]:
    """Return a segment as the API answers it, with more than a payload holds."""
    attributes = {**VALID[name]["data"]["attributes"], "created": "2026-01-01T00:00:00+00:00", "is_active": True}
    return {"type": "segment", "id": name, "attributes": attributes, "links": {"self": "https://example.com"}}


def test_payloads_answers_and_definitions_are_all_read() -> None:
    documents = [
        VALID["g01"],
        {"data": as_answered("g01"), "links": {}},
        {"data": [as_answered("g01"), as_answered("g04")], "links": {"next": None}},
        definition(VALID["g04"]),
        [VALID["g01"], definition(VALID["g04"])],
    ]
    found = [[each.where for each in service.import_rules(d, NAMES)[0]] for d in documents]
    one, four = "orders(days => 30) >= 1", "orders() >= 3"
    assert found == [[one], [one], [one, four], [four], [one, four]]
    assert service.import_rules("nothing", NAMES)[0][0].verdict == "invalid"


def test_the_command_writes_a_rule_file_and_ends_with_3_if_any_is_invalid(
    tmp_path: Path, simulated_store: Path
) -> None:
    file, names, out = tmp_path / "segments.json", tmp_path / "names.json", tmp_path / "rules.yaml"
    names.write_text(json.dumps(NAMES), encoding="utf-8")
    file.write_text(json.dumps([VALID["g01"], VALID["g44"], VALID["g01"]]), encoding="utf-8")
    words = ["rules", "import", str(file), "--metric-names", str(names), "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "valid but not expressible here" in done.output
    read = rules_from(read_entries(out), Vocabulary({}))
    assert [r.name for r in read] == ["metric count in last days 1", "metric count in last days 2"]
    file.write_text(json.dumps([VALID["g01"], INVALID["n04"]]), encoding="utf-8")
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 3
    # And so does the program itself.
    assert subprocess.run([sys.executable, "-m", "discovery", *words], capture_output=True, check=False).returncode == 3
    segments = json.loads(done.stdout)["segments"]
    assert [s["verdict"] for s in segments] == ["imported", "invalid"]
    assert "timeframe_filter.unit" in segments[1]["reasons"][0]
    service.ingest(
        service.read_config(Path(__file__).parents[3] / "configs" / "demo.yaml", [f"source.path={simulated_store}"]),
        tmp_path / "work",
    )
    file.write_text(json.dumps([VALID["g21"], VALID["g01"]]), encoding="utf-8")
    done = CliRunner().invoke(app, [*words, "--json", "-w", str(tmp_path / "work")])
    segments = json.loads(done.stdout)["segments"]
    assert ["is_wholesale" in s["lacking"] for s in segments] == [True, False]
