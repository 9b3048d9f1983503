"""HubSpot's and Unomi's shapes select the same customers, read by a few lines that know only their published words."""

from __future__ import annotations

import json
import operator
from datetime import date
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
from discovery.core.errors import UsageError
from discovery.core.feature import FeatureTable
from discovery.core.rule import All, AnyOf, Between, Compare, Condition, Matches, Missing, Not, OneOf
from discovery.core.run import Run
from discovery.export.hubspot import filter_branch, property_name
from discovery.export.klaviyo.imported import segments_in
from discovery.export.klaviyo.payload import read_payload
from discovery.export.negation import pushed_down
from discovery.export.nested_json import segment
from discovery.features.catalogue import BY_NAME
from discovery.rules.evaluate import select
from tests.export.klaviyo.examples import EXAMPLES
from tests.rule_trees import trees

NAMES = ("orders", "revenue", "days_since_last_order", "country", "city", "suppressed")
TABLE = FeatureTable(
    pd.DataFrame(
        {
            "orders": [0.0, 1.0, 2.0, 5.0, 2.0],
            "revenue": [0.0, 10.5, 40.0, np.nan, 200.0],
            "days_since_last_order": [np.nan, 3.0, 90.0, 400.0, 30.0],
            "country": ["US", "CA", None, "GB", "US"],
            "city": [None, "New York", "London", "York", "Newark"],
            "suppressed": [True, False, None, False, True],
        },
        index=pd.Index(list("abcde"), name="customer_id"),
    ).astype(dict.fromkeys(("country", "city", "suppressed"), "object")),
    tuple(BY_NAME[n] for n in NAMES),
    date(2026, 1, 1),
    "f",
)
ROWS = {c: {n: None if pd.isna(v) else v for n, v in row.items()} for c, row in TABLE.values.to_dict("index").items()}
numbers = st.sampled_from([0, 2, 10.5, 40, 90])
number = st.sampled_from(["orders", "revenue", "days_since_last_order"])
sign = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
places = st.sampled_from(["contains", "starts", "ends"])
leaf = st.one_of(
    st.builds(Compare, number, sign, numbers),
    st.builds(lambda n, a, b: Between(n, min(a, b), max(a, b)), number, numbers, numbers),
    st.builds(Compare, st.just("country"), st.sampled_from(["=", "<>"]), st.sampled_from(["US", "CA"])),
    st.builds(Compare, st.just("suppressed"), st.sampled_from(["=", "<>"]), st.booleans()),
    st.builds(OneOf, st.just("country"), st.sampled_from([("US",), ("US", "GB")])),
    st.builds(
        Matches, st.just("city"), st.sampled_from(["contains", "starts", "ends"]), st.sampled_from(["New", "York"])
    ),
    st.builds(Missing, st.sampled_from(NAMES)),
)
rules = trees(leaf, 6)


def selected(where: Condition) -> set[str]:
    return set(TABLE.values.index[select(where, TABLE)])


@given(rules)
def test_not_pushed_down_selects_the_same(where: Condition) -> None:
    assert selected(pushed_down(where)) == selected(where)
    assert selected(pushed_down(where, False)) == selected(Not(where))


COMPARED = {
    **{"IS_EQUAL_TO": operator.eq, "IS_NOT_EQUAL_TO": operator.ne, "IS_LESS_THAN": operator.lt},
    **{"IS_LESS_THAN_OR_EQUAL_TO": operator.le, "IS_GREATER_THAN": operator.gt},
    "IS_GREATER_THAN_OR_EQUAL_TO": operator.ge,
}


def in_list(branch: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether HubSpot would have a contact in a list."""
    found = [in_list(b, row) for b in branch["filterBranches"]] + [_passes(f, row) for f in branch["filters"]]
    return any(found) if branch["filterBranchType"] == "OR" else all(found)


def _passes(each: dict[str, Any], row: dict[str, Any]) -> bool:
    by, value = each["operation"], row[each["property"]]
    sign = by["operator"]
    assert by["includeObjectsWithNoValueSet"] is False
    if by["operationType"] == "ALL_PROPERTY":
        return (value is None) == (sign == "IS_UNKNOWN")
    if value is None:
        return False
    if "lowerBound" in by:
        return (by["lowerBound"] <= value <= by["upperBound"]) == (sign == "IS_BETWEEN")
    if by["operationType"] == "MULTISTRING":
        texts = by["values"]
        match sign:
            case "CONTAINS" | "DOES_NOT_CONTAIN":
                return any(t in value for t in texts) == (sign == "CONTAINS")
            case "STARTS_WITH" | "ENDS_WITH":
                return any(value.startswith(t) if sign == "STARTS_WITH" else value.endswith(t) for t in texts)
        return (value in texts) == (sign == "IS_EQUAL_TO")
    return bool(COMPARED[sign](value, by["value"]))


@given(rules)
def test_a_hubspot_list_holds_the_same_people(where: Condition) -> None:
    try:
        branch = filter_branch(where, BY_NAME)
    except UsageError:
        # It has no filter for what does not start or end with a text, nor for more than so many.
        assert "Matches" in repr(where) or len(repr(where)) > 500
        return
    assert {c for c, row in ROWS.items() if in_list(branch, row)} == selected(where)


UNOMI = {
    **{"equals": operator.eq, "notEquals": operator.ne, "lessThan": operator.lt, "lessThanOrEqualTo": operator.le},
    **{"greaterThan": operator.gt, "greaterThanOrEqualTo": operator.ge, "in": lambda v, of: v in of},
    **{"contains": lambda v, t: t in v, "startsWith": str.startswith, "endsWith": str.endswith},
    "between": lambda v, two: two[0] <= v <= two[1],
}


def in_segment(condition: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether Unomi would have a profile in a segment; what is missing differs from everything there."""
    asked = condition["parameterValues"]
    match condition["type"]:
        case "booleanCondition":
            found = [in_segment(c, row) for c in asked["subConditions"]]
            return all(found) if asked["operator"] == "and" else any(found)
        case "notCondition":
            return not in_segment(asked["subCondition"], row)
    value, sign = row[asked["propertyName"].removeprefix("properties.")], asked["comparisonOperator"]
    if sign in ("exists", "missing"):
        return (value is None) == (sign == "missing")
    (wanted,) = [v for name, v in asked.items() if name.startswith("propertyValue")]
    return sign == "notEquals" if value is None else bool(UNOMI[sign](value, wanted))


@given(rules)
def test_a_nested_segment_holds_the_same_people(where: Condition) -> None:
    found = segment("x", "X", where)
    assert json.loads(json.dumps(found)) == found
    assert {c for c, row in ROWS.items() if in_segment(found["condition"], row)} == selected(where)


def test_what_hubspot_cannot_say_is_refused() -> None:
    with pytest.raises(UsageError, match="no filter for a condition on birthday"):
        filter_branch(Compare("birthday", ">=", "1990-01-01"), BY_NAME)
    wide = All(tuple(AnyOf((Compare("orders", "=", i), Compare("revenue", ">", i))) for i in range(24)))
    with pytest.raises(UsageError, match="at most 250 filters"):
        filter_branch(wide, BY_NAME)
    assert property_name("events('viewed_product', days => 7)") == "events_viewed_product_days_7"


def test_measures_that_differ_only_in_signs_or_letters_are_no_one_property() -> None:
    filters = (
        "value > 5",
        "value < 5",
        "value <> 5",
        "value => 5",
        "value => -5",
        "category => '茶'",
        "category => '酒'",
    )
    assert len({property_name(f"events('placed_order', {each})") for each in filters}) == len(filters)


# The command ----------------------------------------------------------------------------------------------------------


def run_command(*words: object) -> Any:
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=True)


@pytest.mark.parametrize("form", ["hubspot", "segment-json"])
def test_each_segment_is_a_file(form: str, planted_run: Run) -> None:
    files = service.export_run(planted_run, form)
    assert len(files) == len(planted_run.rules)
    assert all(json.loads(text) for text in files.values())


def test_segments_and_profiles_for_klaviyo_are_written(
    planted_run: Run, planted_workspace: Path, tmp_path: Path
) -> None:
    ids = tmp_path / "ids.yaml"
    ids.write_text("".join(f"{name}: {ident}\n" for name, ident in EXAMPLES["metric_ids"].items()), encoding="utf-8")
    words = ["export", planted_run.id, "-w", planted_workspace, "--format", "klaviyo", "--out", tmp_path / "out"]
    done = run_command(*words, "--metric-ids", ids, "--json", "--push")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    index = json.loads((tmp_path / "out" / "index.json").read_text(encoding="utf-8"))
    assert len(told["segments"]) == len(index["segments"]) == len(planted_run.rules)
    for said, ruled in zip(index["segments"], planted_run.rules, strict=True):
        assert said["customers"] == int(select(ruled.rule.where, planted_run.table).sum())
        assert {c["said"] for c in said["conditions"]} <= {"native", "property"}
        for name in said["files"]:
            found = read_payload(json.loads((tmp_path / "out" / name).read_text(encoding="utf-8")))
            last = found.data.attributes.definition.condition_groups[-1].conditions
            assert [c.type for c in last] == ["profile-marketing-consent"]
    names = [r.rule.name for r in planted_run.rules]
    created = [c["name"] for c in told["created"]]
    assert len(set(created)) == len(created), "two segments of one name cannot be told apart in the account"
    for made, ruled in zip(created, planted_run.rules, strict=True):
        title = planted_run.segmentation(ruled.segmentation).title
        own = ruled.rule.name
        assert made == (f"{own} ({title})" if names.count(own) > 1 else own)
    assert {c["id"] for c in told["created"]} == {""}


def test_without_metric_ids_nothing_is_written_but_for_reading(
    planted_run: Run, planted_workspace: Path, tmp_path: Path
) -> None:
    words = ["export", planted_run.id, "-w", planted_workspace, "--format", "klaviyo", "--out", tmp_path / "out"]
    done = run_command(*words)
    assert isinstance(done.exception, UsageError)
    assert "none is stated for" in str(done.exception)
    assert not (tmp_path / "out").exists()
    assert run_command(*words, "--review-only").exit_code == 0
    for file in (tmp_path / "out").glob("*.review.json"):
        written = json.loads(file.read_text(encoding="utf-8"))
        assert "cannot be sent" in written["not_sendable"]
        assert "data" not in written
        [(name, definition)] = segments_in(written)
        assert (name, definition) == (written["name"], written["definition"])
    pushed = run_command(*words, "--review-only", "--push")
    assert "--review-only" in str(pushed.exception)
    assert "must stand with --push" in str(run_command(*words, "--yes").exception)


def test_every_customer_with_an_identifier_gets_the_values(run_workspace: Path) -> None:
    place = service.open_workspace(run_workspace)
    run = place.load(place.runs()[0].id)
    made = service.export_klaviyo(run, place, {}, review_only=True)
    jobs = [
        json.loads(text) for name, text in made.files.items() if name.startswith("profiles-") and name.endswith("json")
    ]
    written = [p for job in jobs for p in job["data"]["attributes"]["profiles"]["data"]]
    assert made.properties
    assert len(written) + made.without_identifier + made.duplicates == len(run.table)
    assert all(set(p["attributes"]["properties"]) == set(made.properties) for p in written)
    assert all(name.endswith(str(run.as_of)) for name in made.properties)
    people = pd.read_parquet(run_workspace / "dataset" / "profiles.parquet").set_index("customer_id")
    by_email = {p["attributes"].get("email"): p["attributes"]["properties"] for p in written}
    name, measure = next(iter(made.properties.items()))
    for customer, value in run.table.values[measure].items():
        email = people["email"].get(customer)
        if isinstance(email, str):
            assert by_email[email][name] == (None if pd.isna(value) else value)
