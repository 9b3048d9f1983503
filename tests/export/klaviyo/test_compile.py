"""Rules as segments of Klaviyo select exactly whom our own evaluator selects."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery import service
from discovery.core.dataset import EVENT_NAMES
from discovery.core.errors import UsageError
from discovery.core.feature import Feature
from discovery.core.rule import (
    Between,
    Compare,
    Condition,
    Matches,
    Missing,
    OneOf,
)
from discovery.core.run import Run
from discovery.export import targets
from discovery.export.klaviyo.compile import compile_rule
from discovery.export.klaviyo.definition import MOST_CONDITIONS, Definition
from discovery.export.klaviyo.measures import Cut, Known
from discovery.export.klaviyo.metric_ids import absent, metrics, with_ids
from discovery.export.klaviyo.names import CONSENT_METRICS, country_codes, country_name, metric_name, region_name
from discovery.export.klaviyo.shapes import as_document
from discovery.features.catalogue import BY_NAME, CATALOGUE
from discovery.ingest.klaviyo.metrics import channel_of, event_name
from discovery.rules.library import Library, library_from
from discovery.rules.parse import parse
from discovery.rules.vocabulary import Vocabulary
from discovery.store import read_entries
from discovery.usecases.klaviyo_export import property_values
from tests.conftest import ROOT
from tests.export.klaviyo.interpreter import members
from tests.export.klaviyo.proof import Proof, proof_of, vocabulary
from tests.export.klaviyo.test_interpreter import store as made_by_hand
from tests.rule_trees import trees

TODAY = date(2026, 1, 1)
WORDS = Vocabulary(BY_NAME, lists=["property.topics"])
KNOWN = Known(WORDS, TODAY, {"m_score": Cut((1.0, 2.0, 3.0), (40.0, 90.0)), "aov_band": Cut(("low", "top"), (20.0,))})


def compiled(text: str, known: Known = KNOWN, **more: Any) -> Any:
    return compile_rule(parse(text, known.features), known, **more)


def conditions(definition: Definition) -> list[list[dict[str, Any]]]:
    return [group["conditions"] for group in as_document(definition)["condition_groups"]]


def of(text: str, **more: Any) -> list[list[dict[str, Any]]]:
    (only,) = compiled(text, **more).definitions
    return conditions(only)


# The proof ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library_proof(simulated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Proof]:
    dataset = service.read_canonical(simulated_store, tmp_path_factory.mktemp("library"))
    known = vocabulary(dataset)
    library = library_from(read_entries(ROOT / "configs" / "segments.yaml"), known)
    return library, proof_of(dataset, known, [rule.where for rule in library.rules])


def test_every_rule_of_the_library_selects_the_same_people(library_proof: tuple[Library, Proof]) -> None:
    library, proof = library_proof
    assert len(library.rules) >= 75
    differing = {}
    for rule in library.rules:
        _, exported = proof.exported(rule.where)
        wanted = proof.selected(rule.where)
        if exported != wanted:
            differing[rule.name] = (len(exported - wanted), len(wanted - exported))
    assert differing == {}


def test_every_rule_of_a_run_selects_the_same_people(run_workspace: Path) -> None:
    place = service.open_workspace(run_workspace)
    run: Run = place.load(place.runs()[0].id)
    dataset = place.dataset()
    assert dataset is not None
    proof = proof_of(dataset, vocabulary(dataset), [each.rule.where for each in run.rules])
    induced = [each for each in run.rules if each.rule.fidelity is not None]
    assert induced
    for each in run.rules:
        assert proof.exported(each.rule.where)[1] == proof.selected(each.rule.where), each.rule.name


#: Measures stated in rules, of every shape that a window, a filter or a profile can have.
STATED = (
    "orders(days => 60)",
    "orders(days => 200, skip => 30)",
    "orders(skip => 90)",
    "orders(since => '2025-03-01', until => '2025-09-30')",
    "orders(until => '2025-06-30')",
    "orders(since => '2025-07-01')",
    "orders(season => 'last_black_friday')",
    "orders(season => 'christmas')",
    "orders(value >= 50)",
    "events('ordered_product', quantity IN (2, 2, 3))",
    "orders(discount_code => 'WELCOME10')",
    "spent(days => 180)",
    "spent(value > 30)",
    "value('started_checkout', days => 90)",
    "value('refunded_order')",
    "events('ordered_product', category => 'running shoes')",
    "events('ordered_product', category <> 'running shoes')",
    "events('ordered_product', brand IN ('Northfold', 'Kestrel'), quantity >= 2)",
    "events('viewed_product', days => 60, category IN ('running shoes', 'outerwear'))",
    "events('opened_email', machine <> TRUE)",
    "events('opened_email', days => 90, machine => TRUE)",
    "events('clicked_email', days => 120, machine <> TRUE)",
    "events('clicked_email', machine => FALSE)",
    "events('subscribed', channel => 'sms')",
    "events('subscribed')",
    "events('bounced_email', bounce_type => 'soft')",
    "events('active_on_site', days => 90, device => 'ios')",
    "events('placed_order', weekday >= 5)",
    "days_since('viewed_product')",
    "days_since('opened_email', machine <> TRUE, days => 180)",
    "days_since('placed_order', days => 400, skip => 20)",
    "days_since_first('placed_order', days => 300)",
    "days_since_first('clicked_email')",
    "days_since_property('anniversary')",
    "items('topics')",
    "has('topics', 'yoga')",
    "birthday_within(days => 60)",
    "birthday_this_month()",
    "sample(percent => 30, seed => 3)",
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """A store of 250 customers with every feature of the catalogue and the stated measures."""
    at = tmp_path_factory.mktemp("small")
    dataset = service.read_canonical(service.simulate(at / "store", 250, 5), at / "dataset")
    known = vocabulary(dataset)
    names = [f.name for f in known.values()] + [known[text].name for text in STATED]
    return proof_of(dataset, known, (), [n for n in names if known[n].aggregate != "predicted"])


@st.composite
def leaf(draw: st.DrawFn, proof: Proof) -> Condition:
    """Return a comparison of some measure with values that its customers have, or near them."""
    name = draw(st.sampled_from(list(proof.table.values.columns)))
    feature = proof.words[name]
    if draw(st.integers(0, 9)) == 0:
        return Missing(name)
    seen = sorted(proof.table.values[name].dropna().unique().tolist())
    seen = seen[:: max(1, len(seen) // 12)]
    if feature.kind == "boolean":
        return Compare(name, draw(st.sampled_from(["=", "<>"])), draw(st.booleans()))
    if feature.kind == "text":
        values = st.sampled_from([*map(str, seen), "no such"])
        place = st.builds(
            Matches, st.just(name), st.sampled_from(["contains", "starts", "ends"]), st.sampled_from("aeSn")
        )
        same = st.builds(Compare, st.just(name), st.sampled_from(["=", "<>"]), values)
        several = st.builds(lambda v: OneOf(name, tuple(v)), st.lists(values, min_size=1, max_size=4, unique=True))
        return draw(st.one_of(same, several, place))
    values = st.sampled_from(seen or [1.0]) if feature.kind == "date" else st.sampled_from([*seen, 0, 1, 2.5, 30, 120])
    if feature.kind != "date":
        values = values.map(lambda v: int(v) if float(v).is_integer() else v)
    compare = st.builds(Compare, st.just(name), st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), values)
    between = st.tuples(values, values).map(lambda two: Between(name, min(two), max(two)))
    several = st.builds(lambda v: OneOf(name, tuple(v)), st.lists(values, min_size=1, max_size=3, unique=True))
    return draw(st.one_of(compare, compare, between, several))


@settings(max_examples=100)
@given(data=st.data())
def test_any_rule_selects_the_same_people(small: Proof, data: st.DataObject) -> None:
    part = leaf(small)
    where = data.draw(trees(part, 5))
    found, exported = small.exported(where)
    assert exported == small.selected(where)
    assert all(sum(map(len, conditions(d))) <= MOST_CONDITIONS for d in found.definitions)


def test_what_is_too_long_selects_the_same_people(small: Proof) -> None:
    box = "(orders >= {0} AND orders_90d <= {0} AND revenue > {0} AND product_views_90d <= {1})"
    union = " OR ".join(box.format(i, 3 * i) for i in range(1, 9))
    for text in (union, f"orders >= 2 AND ({union})", f"NOT ({union})", f"orders >= 2 AND NOT ({union})"):
        where = parse(text, small.words)
        found, exported = small.exported(where)
        assert exported == small.selected(where) != set()
        values = property_values(small.table, found.properties)
        assert json.loads(json.dumps(values.to_dict("records"))) == values.to_dict("records")
    assert small.exported(parse("clicks_90d >= 30", small.words))[0].parts[0].way == "property"


# One source of truth --------------------------------------------------------------------------------------------------


def a_comparison(feature: Feature) -> Condition:
    """Return a comparison that people make with a measure."""
    if feature.kind == "number":
        return Compare(feature.name, ">=", 2)
    if feature.kind == "date":
        return Compare(feature.name, ">=", "1990-01-01")
    if feature.kind == "boolean":
        return Compare(feature.name, "=", True)
    text = {"country": "US", "region": "US-MA", "consent_email": "unsubscribed", "consent_sms": "subscribed"}
    return Compare(feature.name, "=", text.get(feature.name, (feature.labels or ("x",))[0]))


STATED_HERE = [WORDS[text] for text in ("orders(days => 9)", "items('topics')", "sample(percent => 5, seed => 1)")]


@pytest.mark.parametrize("feature", [*CATALOGUE, *STATED_HERE], ids=lambda f: f.name)
def test_what_is_said_of_a_feature_is_what_the_compiler_does(feature: Feature) -> None:
    labels = {f.name: tuple(map(float, f.labels)) if f.kind == "number" else f.labels for f in CATALOGUE if f.bands}
    bands = {name: Cut(each, tuple(map(float, range(1, len(each))))) for name, each in labels.items()}
    known = Known(WORDS, TODAY, bands, predictive=True)
    (part,) = compile_rule(a_comparison(feature), known).parts
    assert part.way == targets.klaviyo(feature)
    (unasked,) = compile_rule(a_comparison(feature), replace(known, predictive=False)).parts
    assert unasked.way == {"predictive": "property"}.get(part.way, part.way)
    assert unasked.lost or unasked.way == "native"


@pytest.mark.parametrize("event", EVENT_NAMES)
def test_a_metric_is_read_back_as_its_event(event: str) -> None:
    assert event_name(metric_name(event)) == event
    for channel, name in CONSENT_METRICS.get(event, {}).items():
        assert (event_name(name), channel_of(name)) == (event, channel)


def test_places_are_named_as_the_standard_does() -> None:
    assert country_codes()[country_name("GB")] == ("GB",)
    assert region_name("US-MA") == "Massachusetts"
    assert region_name("no such") == country_name("no such") == "no such"


# Shapes ---------------------------------------------------------------------------------------------------------------


def said(text: str) -> list[list[str]]:
    """Return operator and time of each condition on orders, group by group."""
    out = []
    for group in of(text):
        line = []
        for each in group:
            time = {k: v for k, v in each["timeframe_filter"].items() if k not in ("type", "unit")}
            line.append(
                f"{each['measurement_filter']['operator']} {each['measurement_filter']['value']} {list(time.values())}"
            )
        out.append(line)
    return out


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("days_since_last_order <= 120", [["greater-than-or-equal 1 ['in-the-last', 120]"]]),
        ("days_since_last_order >= 180", [["greater-than-or-equal 1 ['alltime']"], ["equals 0 ['in-the-last', 179]"]]),
        ("days_since_last_order > 179", [["greater-than-or-equal 1 ['alltime']"], ["equals 0 ['in-the-last', 179]"]]),
        ("days_since_last_order >= 1", [["greater-than-or-equal 1 ['alltime']"]]),
        ("days_since_first_order >= 90", [["greater-than-or-equal 1 ['at-least', 89]"]]),
        ("days_since_first_order <= 60", [["greater-than-or-equal 1 ['alltime']"], ["equals 0 ['at-least', 60]"]]),
        ("NOT orders >= 3", [["less-than 3 ['alltime']"]]),
        ("orders(days => 120, skip => 60) = 0", [["equals 0 ['between', 61, 120]"]]),
        ("NOT (orders >= 3 AND orders_90d = 0)", [["less-than 3 ['alltime']", "not-equals 0 ['in-the-last', 90]"]]),
        ("m_score >= 2", [["greater-than 40.0 ['alltime']"]]),
        ("m_score = 2", [["greater-than 40.0 ['alltime']"], ["less-than-or-equal 90.0 ['alltime']"]]),
    ],
)
def test_the_published_ways_to_say_it(text: str, groups: list[list[str]]) -> None:
    assert said(text) == groups


def test_no_order_of_no_value_is_counted() -> None:
    ((condition,),) = of("orders >= 1")
    assert condition["metric_filters"] == [
        {"property": "$value", "filter": {"type": "numeric", "operator": "greater-than", "value": 0}}
    ]


def test_a_complement_asks_for_what_is_not_set() -> None:
    both = of("country <> 'US' OR country IS NULL")
    assert [[c["filter"]["operator"] for c in group] for group in both] == [["not-equals", "not-set"]]


def test_a_region_whose_name_several_countries_share_is_asked_for_with_its_country() -> None:
    assert [[c["property"] for c in g] for g in of("region = 'US-FL'")] == [
        ["location['region']"],
        ["location['country']"],
    ]
    assert len(of("region = 'US-MA'")) == 1


def test_a_union_of_boxes_is_multiplied_out_or_parted() -> None:
    box = "(orders >= {0} AND orders_90d = 0 AND revenue > {0} AND site_visits_90d <= {0})"
    two = compiled(" OR ".join(box.format(i) for i in (1, 2)))
    assert [len(conditions(d)) for d in two.definitions] == [10]  # nine pairs of what differs, and what both ask for
    many = compiled(" OR ".join(box.format(i) for i in range(1, 9)))
    assert [len(conditions(d)) for d in many.definitions] == [4] * 8
    assert many.properties == {}
    inner = compiled("product_views_90d > 0 AND (" + " OR ".join(box.format(i) for i in range(1, 9)) + ")")
    assert len(inner.definitions) == len(inner.properties) == 1
    assert [p.way for p in inner.parts] == ["native", "property"]
    assert "More than 100 conditions" in inner.parts[1].lost[0]
    [name] = inner.properties
    told = "rule_of_orders_orders_90d_revenue_site_visits_90d"
    assert re.fullmatch(rf"segment_discovery_{told}_[0-9a-f]{{8}}_2026-01-01", name)


def test_a_rule_that_holds_for_all_or_nobody_is_still_a_segment() -> None:
    somebody = made_by_hand(profiles={"a": {"email": "a@example.com"}, "b": {"email": None}})
    assert members(as_document(compiled("NOT orders IS NULL").definitions[0]), somebody) == {"a", "b"}
    assert members(as_document(compiled("orders IS NULL").definitions[0]), somebody) == set()


def test_a_property_is_named_with_the_date_and_never_shared_by_two_measures() -> None:
    names = list(compiled("share_discounted >= 0.5").properties)
    assert names == ["segment_discovery_share_discounted_2026-01-01"]
    two = compiled("orders(weekday >= 5) >= 1 AND orders(weekday <= 5) >= 1").properties
    assert len(two) == 2
    assert not any("'" in name for name in two)


def test_consent_is_a_group_of_its_own_and_the_last() -> None:
    plain, campaign = (
        of("orders >= 1 AND consent_email = 'subscribed'"),
        of("orders >= 1 AND consent_email = 'subscribed'", consent="email"),
    )
    assert [g[0]["type"] for g in plain] == ["profile-metric", "profile-property"]
    assert [g[0]["type"] for g in campaign] == ["profile-metric", "profile-marketing-consent"]
    assert campaign[-1][0]["consent"]["consent_status"] == {"subscription": "subscribed"}
    alone = of("consent_email = 'subscribed'", consent="email")
    assert [g[0]["type"] for g in alone] == ["profile-marketing-consent"]
    together = compiled("consent_email = 'subscribed' AND NOT suppressed")
    assert together.properties == {}


def test_every_metric_without_an_id_is_named() -> None:
    definitions = compiled("orders >= 1 AND clicks_90d >= 1 AND product_views_90d >= 1").definitions
    assert metrics(definitions) == ("Clicked Email", "Clicked SMS", "Placed Order", "Viewed Product")
    with pytest.raises(UsageError, match="none is stated for Clicked Email, Viewed Product"):
        with_ids(definitions, {"Placed Order": "AbC123", "Clicked SMS": "DeF456", "Clicked Email": ""})
    ids = {name: name.lower() for name in metrics(definitions)}
    (ready,) = with_ids(definitions, ids)
    assert metrics([ready]) == tuple(sorted(ids.values()))


def test_a_metric_that_the_account_lacks_never_happened() -> None:
    ids = {"Clicked Email": "AbC123", "Clicked SMS": "none"}
    known = replace(KNOWN, absent=absent(ids))
    (clicks,) = compiled("clicks_90d >= 3", known).definitions
    assert metrics([clicks]) == ("Clicked Email",)
    (both,) = compiled("clicks_90d >= 3").definitions
    assert len(clicks.condition_groups) < len(both.condition_groups)
    assert metrics(with_ids([clicks], ids)) == ("AbC123",)
    none = replace(KNOWN, absent=frozenset({"Clicked Email", "Clicked SMS"}))
    (orders,) = compiled("orders >= 1 AND clicks_90d = 0", none).definitions
    assert metrics([orders]) == ("Placed Order",)


def test_what_would_be_too_many_filters_or_sums_is_a_property() -> None:
    wide = ", ".join(f"quantity <> {i}" for i in range(11))
    for text in (f"events('ordered_product', {wide}) >= 1", "clicks >= 400", "clicks <= 400"):
        assert [p.way for p in compiled(text).parts] == ["property"]


def test_what_is_lost_is_said() -> None:
    parts = compiled("orders(season => 'last_christmas') >= 1 AND distance_miles('US', '02108') <= 30").parts
    assert ["The days of the season" in " ".join(p.lost) for p in parts] == [True, False]
    assert "just that distance" in parts[1].lost[0]
    predicted = compiled("predicted_value_365d >= 5", replace(KNOWN, predictive=True)).parts
    assert [p.way for p in predicted] == ["predictive"]
    assert "Klaviyo's own" in predicted[0].lost[0]
