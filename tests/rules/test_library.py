"""The shipped rule library: every recipe selects whom its words mean, counted again in pandas from the raw store."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from discovery import service
from discovery.core.errors import AbsentError, RuleError
from discovery.core.rule import leaves
from discovery.core.sources import CanonicalSource
from discovery.core.strict_yaml import read_yaml
from discovery.engine.duckdb import Engine
from discovery.features.catalogue import BY_NAME
from discovery.ingest.read import ingest
from discovery.rules.evaluate import membership
from discovery.rules.library import Library, as_entries, library_from, rules_from
from discovery.usecases.measuring import measure, vocabulary_of
from tests.conftest import ALONE, ROOT

AS_OF = date(2025, 12, 20)
ENTRIES = read_yaml((ROOT / "configs" / "segments.yaml").read_text(encoding="utf-8"), "segments.yaml")
NAMES = [entry["name"] for entry in ENTRIES]
#: Those that the customers were divided by before there were any others, in their order.
DIVIDING = ["Champions", "New customers", "Loyal", "High AOV", "Low AOV", "Lapsing", "One-and-done", "Lapsed"]
FAMILIES = [
    "zero-party", "cross-sell", "geography", "engagement", "value", "lifecycle", "risk", "season", "abandonment",
    "discount", "deliverability", "cross-channel", "demographic", "technographic", "B2B",
]  # fmt: skip
EUROPEAN_UNION = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
PREDICTED = ("predicted_value_365d", "total_value", "probability_no_order_90d", "next_order_from_days")

Mask = pd.Series


@dataclass
class Store:
    """What the simulator wrote, as far as it had happened at the date; nothing here is read through our own SQL."""

    raw: pd.DataFrame
    people: pd.DataFrame
    predicted: pd.DataFrame

    @cached_property
    def seen(self) -> pd.DataFrame:
        """Events before the date with their age in days; lines and orders cancelled by then are left out."""
        events = self.raw[self.raw["at"] < pd.Timestamp(AS_OF, tz="UTC")]
        gone = events.loc[events["event"] == "cancelled_order", "order_id"]
        undone = events["event"].isin(["placed_order", "ordered_product", "refunded_order"])
        events = events[~(undone & events["order_id"].isin(gone))]
        return events.assign(days=(pd.Timestamp(AS_OF, tz="UTC") - events["at"].dt.floor("D")).dt.days)

    def rows(
        self, event: str, within: float = math.inf, beyond: int = 0, human: bool = False, **where: object
    ) -> pd.DataFrame:
        found = self.seen[self.seen["event"] == event]
        found = found[(found["days"] <= within) & (found["days"] > beyond)]
        if human:
            found = found[found["machine"].ne(True)]
        for column, value in where.items():
            found = found[found[column].isin(value if isinstance(value, tuple) else (value,))]
        return found

    def per_customer(self, rows: pd.DataFrame) -> pd.Series:
        return rows.groupby("customer_id").size().reindex(self.people.index, fill_value=0)

    def count(self, event: str, within: float = math.inf, beyond: int = 0, **where: object) -> pd.Series:
        return self.per_customer(self.rows(event, within, beyond, **where))

    def last(self, event: str) -> pd.Series:
        """Days since the last one; missing where there was none."""
        return self.rows(event).groupby("customer_id")["days"].min().reindex(self.people.index)

    def orders(self, within: float = math.inf, beyond: int = 0) -> pd.Series:
        return self.count("placed_order", within, beyond)

    def ordered_between(self, first: str, last: str) -> Mask:
        orders = self.rows("placed_order")
        start, end = pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC") + timedelta(days=1)
        return self.per_customer(orders[(orders["at"] >= start) & (orders["at"] < end)]) >= 1

    def share_of_orders(self, holds: Callable[[pd.DataFrame], Mask]) -> pd.Series:
        orders = self.rows("placed_order")
        return holds(orders).groupby(orders["customer_id"]).mean().reindex(self.people.index)

    @cached_property
    def cents(self) -> pd.Series:
        """What was spent before refunds, in whole cents: money adds up exactly."""
        orders = self.rows("placed_order")
        cents = (orders["value"].astype("float64") * 100).round().astype("int64")
        return cents.groupby(orders["customer_id"]).sum().reindex(self.people.index, fill_value=0)

    def cents_within(self, days: int) -> pd.Series:
        orders = self.rows("placed_order", days)
        cents = (orders["value"].astype("float64") * 100).round()
        return cents.groupby(orders["customer_id"]).sum().reindex(self.people.index, fill_value=0)

    @property
    def basket(self) -> pd.Series:
        return self.cents / 100 / self.orders().where(self.orders() > 0)

    def left_alone(self, event: str) -> pd.Series:
        """How often it happened in 30 days without an order at once or within seven days."""
        orders = self.rows("placed_order")[["customer_id", "at"]].assign(ordered_at=lambda o: o["at"])
        both = pd.merge_asof(
            self.rows(event, 30).sort_values("at"), orders.sort_values("at"), on="at", by="customer_id",
            direction="forward",
        )  # fmt: skip
        return self.per_customer(both[~(both["ordered_at"] - both["at"] <= pd.Timedelta(days=7))])

    def engaged(self, days: int) -> Mask:
        reads = (self.count("opened_email", days, human=True) >= 1) | (
            self.count("clicked_email", days, human=True) >= 1
        )
        return self.subscribed & (reads | (self.last("subscribed") <= 15))

    def silent(self, days: float) -> Mask:
        return (self.count("opened_email", days, human=True) == 0) & (
            self.count("clicked_email", days, human=True) == 0
        )

    @property
    def clicks_90(self) -> pd.Series:
        return self.count("clicked_email", 90, human=True) + self.count("clicked_sms", 90, human=True)

    @property
    def reads_90(self) -> Mask:
        return (self.count("opened_email", 90, human=True) >= 1) | (self.clicks_90 >= 1)

    @property
    def subscribed(self) -> Mask:
        return self.people["consent_email"] == "subscribed"

    @property
    def reachable(self) -> Mask:
        return self.subscribed & ~self.people["suppressed"]

    @property
    def recency(self) -> pd.Series:
        return self.last("placed_order")

    def answer(self, name: str, *values: str) -> Mask:
        return self.people[f"property.{name}"].isin(values)

    def topic(self, name: str) -> Mask:
        return self.people["property.topics"].map(lambda x: x is not None and name in list(x))

    def km_from(self, latitude: float, longitude: float) -> pd.Series:
        """Great-circle distance by the spherical law of cosines."""
        a, b = np.radians(self.people["latitude"]), math.radians(latitude)
        apart = np.radians(self.people["longitude"] - longitude)
        return 6371.0088 * np.arccos(np.clip(np.sin(a) * math.sin(b) + np.cos(a) * math.cos(b) * np.cos(apart), -1, 1))

    def share_of_favourite(self) -> pd.Series:
        lines = self.rows("ordered_product")
        spent = lines["value"].astype("float64").groupby([lines["customer_id"], lines["category"]]).sum().unstack()
        return (spent.max(axis=1) / spent.sum(axis=1)).reindex(self.people.index)

    def bounced_in_a_row(self) -> pd.Series:
        delivered = self.rows("received_email").groupby("customer_id")["at"].max()
        bounces = self.rows("bounced_email")
        last = bounces["customer_id"].map(delivered)
        return self.per_customer(bounces[last.isna() | (bounces["at"] > last)])

    def campaigns(self, event: str, **where: object) -> pd.Series:
        rows = self.rows(event, 90, **where)
        return rows.groupby("customer_id")["campaign_id"].nunique().reindex(self.people.index, fill_value=0)

    @property
    def age(self) -> pd.Series:
        def years(born: object) -> float:
            if not isinstance(born, date):
                return math.nan
            return AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day))

        return self.people["birthday"].map(years)

    def birthday_on(self, days: set[tuple[int, int]]) -> Mask:
        return self.people["birthday"].map(lambda b: isinstance(b, date) and (b.month, b.day) in days)

    def in_tenth(self) -> Mask:
        first = [int(hashlib.md5(f"{customer}:1".encode()).hexdigest()[:8], 16) for customer in self.people.index]
        return pd.Series(np.array(first) / 16**8 < 0.1, index=self.people.index)


def above(values: pd.Series, share: float) -> Mask:
    """Who lies above the smallest value that at least `share` of those with a value do not exceed."""
    known = values[values > 0].sort_values()
    return values > known.iloc[math.ceil(len(known) * share) - 1]


#: Each recipe in pandas, from what its words mean.
MEANING: Mapping[str, Callable[[Store], Mask]] = {
    "Champions": lambda s: (s.orders() >= 5) & (s.recency <= 120) & (s.orders(365) >= 3),
    "New customers": lambda s: (s.orders() == 1) & (s.recency <= 60),
    "Loyal": lambda s: (s.orders() >= 3) & (s.recency <= 180),
    "High AOV": lambda s: above(s.basket, 0.75) & (s.recency <= 365),
    "Low AOV": lambda s: (s.basket > 0) & ~above(s.basket, 0.25) & (s.recency <= 365),
    "Lapsing": lambda s: (s.orders() >= 2) & s.recency.between(120, 395),
    "One-and-done": lambda s: (s.orders() == 1) & (s.recency > 60),
    "Lapsed": lambda s: (s.orders() >= 2) & (s.recency > 395),
    "Prefers running shoes": lambda s: s.answer("interest", "running shoes"),
    "Classic style": lambda s: s.answer("style", "classic"),
    "Dry or sensitive skin": lambda s: s.answer("skin_concern", "dryness", "sensitivity"),
    "Vegetarian or vegan": lambda s: s.answer("diet", "vegetarian", "vegan"),
    "Birthday in the next 30 days": lambda s: s.birthday_on(
        {(d.month, d.day) for d in (AS_OF + timedelta(days=n) for n in range(31))}
    ),
    "Birthday this month": lambda s: s.birthday_on({(12, day) for day in range(1, 32)}),
    "Wants running shoes now": lambda s: (
        s.answer("interest", "running shoes") & (s.count("viewed_product", 30, category="running shoes") >= 1)
    ),
    "Outerwear buyers who camp": lambda s: (
        s.answer("interest", "camping") & (s.count("ordered_product", category="outerwear") >= 1)
    ),
    "Outdoor people who come back": lambda s: s.answer("persona", "outdoor") & (s.orders() >= 3),
    "Favourite colour blue": lambda s: s.answer("favourite_colour", "blue"),
    "Dog people": lambda s: s.answer("pet", "dog", "both"),
    "Cat people": lambda s: s.answer("pet", "cat", "both"),
    "Running shoes, never outerwear": lambda s: (
        (s.count("ordered_product", category="running shoes") >= 1)
        & (s.count("ordered_product", category="outerwear") == 0)
    ),
    "Northfold for women": lambda s: (
        (s.count("ordered_product", brand="Northfold") >= 1)
        & s.answer("predicted_gender", "likely_female", "uncertain")
    ),
    "Devoted to one category": lambda s: (s.orders() >= 3) & (s.share_of_favourite() >= 0.75),
    "Wish list lately": lambda s: s.count("added_to_wishlist", 30) >= 1,
    "New England or Canada": lambda s: (
        s.people["region"].isin([f"US-{state}" for state in ("ME", "NH", "VT", "MA", "RI", "CT")])
        | (s.people["country"] == "CA")
    ),
    "Outside the US and Canada": lambda s: s.people["country"].notna() & ~s.people["country"].isin(["US", "CA"]),
    "European Union": lambda s: s.people["country"].isin(EUROPEAN_UNION.split()),
    "Within 30 miles of Boston": lambda s: s.km_from(42.3576, -71.0651) <= 30 * 1.609344,
    "Within 50 km of London": lambda s: s.km_from(51.5074, -0.1278) <= 50,
    "New York, ready for winter": lambda s: (
        (s.people["region"] == "US-NY")
        & (
            s.per_customer(
                s.rows("ordered_product", category="outerwear").pipe(
                    lambda o: o[(o["at"].dt.year == 2025) & o["at"].dt.month.isin([9, 10, 11])]
                )
            )
            >= 1
        )
    ),
    "Recent buyers": lambda s: s.orders(120) >= 1,
    "Nearly lapsed": lambda s: (s.orders(120) == 0) & (s.orders(395) >= 1),
    "Frequent buyers": lambda s: s.orders() >= 3,
    "Top third by spend": lambda s: above(s.cents, 2 / 3),
    "Nearly there": lambda s: (s.orders() == 0) & s.reads_90,
    "Nearly there, machine opens included": lambda s: (
        (s.orders() == 0) & ((s.count("opened_email", 90) >= 1) | (s.clicks_90 >= 1))
    ),
    "Engaged 30 days": lambda s: s.engaged(30),
    "Engaged 60 days": lambda s: s.engaged(60),
    "Engaged 90 days": lambda s: s.engaged(90),
    "Unengaged 90 days": lambda s: s.reachable & (s.count("received_email") >= 5) & s.silent(90),
    "Never engaged": lambda s: (
        s.reachable & (s.count("received_email", 180) >= 5) & s.silent(math.inf) & (s.orders() == 0)
    ),
    "Worth re-engaging": lambda s: (
        s.subscribed
        & s.silent(90)
        & ((s.count("opened_email", 180, 90, human=True) >= 1) | (s.count("clicked_email", 180, 90, human=True) >= 1))
    ),
    "SMS engaged": lambda s: (s.people["consent_sms"] == "subscribed") & (s.count("clicked_sms", 90, human=True) >= 1),
    "High predicted value": lambda s: above(s.predicted["predicted_value_365d"], 0.8),
    "Low predicted value": lambda s: s.predicted["predicted_value_365d"] <= 5,
    "Ordered at least once": lambda s: s.orders() >= 1,
    "Seed for lookalikes": lambda s: above(s.predicted["total_value"], 0.8) & s.subscribed,
    "Spent 300 in a year": lambda s: s.cents_within(365) >= 30_000,
    "Prospects": lambda s: s.orders() == 0,
    "New subscribers": lambda s: s.subscribed & (s.count("subscribed", 30) >= 1),
    "Subscribed lately, never bought": lambda s: s.subscribed & (s.count("subscribed", 60) >= 1) & (s.orders() == 0),
    "First-time buyers": lambda s: s.orders() == 1,
    "Repeat buyers": lambda s: s.orders() >= 2,
    "Five orders in a year": lambda s: s.orders(365) >= 5,
    "More than three orders in 90 days": lambda s: s.orders(90) >= 4,
    "Advocates": lambda s: (s.orders() >= 3) & (s.count("submitted_review") >= 1) & (s.count("refunded_order") == 0),
    "VIP": lambda s: (s.orders() >= 5) & above(s.cents, 2 / 3) & (s.orders(120) >= 1),
    "Former VIP": lambda s: (s.orders() >= 5) & above(s.cents, 2 / 3) & (s.orders(120) == 0),
    "Win back": lambda s: (s.orders() >= 1) & (s.orders(180) == 0) & s.reads_90,
    "Likely to leave": lambda s: (s.orders() >= 2) & (s.predicted["probability_no_order_90d"] >= 0.75),
    "Ordering half as often": lambda s: (s.orders(120, 60) >= 1) & (2 * s.orders(60) <= s.orders(120, 60)),
    "Two or more orders, then at most one": lambda s: (s.orders(120, 60) >= 2) & (s.orders(60) <= 1),
    "Next order within two weeks": lambda s: s.predicted["next_order_from_days"] <= 14,
    "Last Black Friday's shoppers": lambda s: s.ordered_between("2025-11-28", "2025-12-01"),
    # The Christmas of 2025 was not over.
    "Last Christmas's shoppers": lambda s: s.ordered_between("2024-12-01", "2024-12-25"),
    "Only in the holidays": lambda s: (
        (s.orders() >= 2) & (s.share_of_orders(lambda o: o["at"].dt.month.isin([11, 12])) == 1)
    ),
    "Valentine's shoppers": lambda s: s.ordered_between("2025-01-31", "2025-02-14"),
    "Mother's Day shoppers": lambda s: s.ordered_between("2025-04-27", "2025-05-11"),
    "Father's Day shoppers": lambda s: s.ordered_between("2025-06-01", "2025-06-15"),
    "Back-to-school shoppers": lambda s: s.ordered_between("2025-08-01", "2025-09-07"),
    "Cart abandoners": lambda s: s.left_alone("added_to_cart") >= 1,
    "Checkout abandoners": lambda s: s.left_alone("started_checkout") >= 1,
    "Reminder not opened": lambda s: (
        (s.left_alone("started_checkout") >= 1)
        & (s.count("received_email", 30, campaign_id="flow-checkout-reminder") >= 1)
        & (s.count("opened_email", 30, human=True, campaign_id="flow-checkout-reminder") == 0)
    ),
    "Browse abandoners": lambda s: (s.left_alone("viewed_product") >= 1) & (s.count("added_to_cart", 30) == 0),
    "Only ever browse": lambda s: (
        (s.count("viewed_product", 90) >= 3) & (s.orders() == 0) & (s.count("added_to_cart") == 0)
    ),
    "New in California, looking at running shoes": lambda s: (
        (s.people["region"] == "US-CA")
        & (s.count("subscribed", 30) >= 1)
        & (s.count("viewed_product", 7, category="running shoes") >= 1)
    ),
    "Discount shoppers": lambda s: (s.orders() >= 2) & (s.share_of_orders(lambda o: o["discount"] > 0) >= 0.5),
    "Full-price buyers": lambda s: (s.orders() >= 2) & (s.share_of_orders(lambda o: o["discount"] == 0) == 1),
    "Chronic soft bounces": lambda s: s.bounced_in_a_row() > 7,
    "Clicked a campaign, did not buy": lambda s: (s.count("clicked_email", 30, human=True) >= 1) & (s.orders(30) == 0),
    "Reviewed this month, spent over 100": lambda s: (s.count("submitted_review", 30) >= 1) & (s.cents > 10_000),
    "Opens every campaign, three orders in 90 days": lambda s: (
        (s.campaigns("received_email") > 0)
        & (s.campaigns("opened_email", human=True) >= s.campaigns("received_email"))
        & (s.orders(90) >= 3)
    ),
    "Test sample of 10%": lambda s: s.in_tenth(),
    "Women aged 25 to 40": lambda s: s.answer("predicted_gender", "likely_female") & s.age.between(25, 40),
    "Income over 80,000": lambda s: s.answer("income_band", "80k to 150k", "over 150k"),
    "Students and teachers": lambda s: s.answer("occupation", "student", "teacher"),
    "Married or living together": lambda s: s.answer("marital_status", "married", "partnered"),
    "Interested in yoga or camping": lambda s: s.topic("yoga") | s.topic("camping"),
    "Shops by phone": lambda s: s.count("active_on_site", 90, device=("ios", "android")) >= 1,
    "On Apple devices": lambda s: s.count("active_on_site", 90, device="ios") >= 1,
    "Read a case study and the prices": lambda s: (
        (s.count("downloaded_case_study", 180) >= 1) & (s.count("visited_pricing", 180) >= 1)
    ),
}


@pytest.fixture(scope="module")
def selected(simulated_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Store]:
    """Whom the rules select, all measured in one go, and the same store as it was written."""
    with Engine() as engine:
        source = CanonicalSource(path=str(simulated_store))
        dataset = ingest(engine, source, simulated_store, tmp_path_factory.mktemp("library") / "dataset")
        known = vocabulary_of(engine, dataset)
        library = library_from(ENTRIES, known)
        assert not library.absent
        read = [leaf.feature for rule in library.rules for leaf in leaves(rule.where)]
        table = measure(engine, dataset, AS_OF, (*read, *PREDICTED), vocabulary=known).table
    people = pd.read_parquet(simulated_store / "profiles.parquet").set_index("customer_id")
    people = people[people["created_at"] < pd.Timestamp(AS_OF, tz="UTC")]
    assert list(table.values.index) == list(people.index)
    events = pd.read_parquet(simulated_store / "events.parquet")
    store = Store(events, people, table.values[list(PREDICTED)])
    return membership({rule.name: rule.where for rule in library.rules}, table), store


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_selects_whom_its_words_mean(name: str, selected: tuple[pd.DataFrame, Store]) -> None:
    members, store = selected
    mine, expected = members[name], MEANING[name](store)
    assert list(mine.index[mine]) == list(expected.index[expected])
    assert 0 < mine.sum() < len(mine), "a recipe must select somebody, and not everybody"


def test_every_recipe_is_told_in_full_under_its_own_name() -> None:
    assert len(NAMES) >= 75
    assert sorted(NAMES) == sorted(MEANING)
    assert len({name.casefold() for name in NAMES}) == len(NAMES)
    for entry in ENTRIES:
        assert entry["why"].endswith("."), entry["name"]
        assert entry["campaign"].endswith("."), entry["name"]
        assert entry["family"] in FAMILIES, entry["name"]


def test_the_order_of_the_file_is_that_of_the_families_after_those_that_divide() -> None:
    assert [entry["name"] for entry in ENTRIES if "divides" in entry] == NAMES[: len(DIVIDING)] == DIVIDING
    told = [entry["family"] for entry in ENTRIES[len(DIVIDING) :]]
    assert list(dict.fromkeys(told)) == FAMILIES
    assert told == sorted(told, key=FAMILIES.index)


def entry(name: str, where: str = "orders >= 1", **rest: object) -> dict[str, object]:
    return {"name": name, "where": where, **rest}


def test_in_a_file_that_never_says_so_every_rule_divides() -> None:
    assert len(library_from([entry("a"), entry("b")], BY_NAME).dividing) == 2
    said = library_from([entry("a"), entry("b", divides="true"), entry("c", divides="false")], BY_NAME)
    assert [rule.name for rule in said.dividing] == ["b"]
    with pytest.raises(RuleError, match="divides must be true or false, got 'perhaps'"):
        library_from([entry("a", divides="perhaps")], BY_NAME)


@pytest.mark.parametrize("stated", [["true", "false"], ["false", "false"], ["true", "true"]])
def test_which_rules_divide_outlives_a_round_trip(stated: list[str]) -> None:
    rules = rules_from([entry(f"r{n}", divides=each) for n, each in enumerate(stated)], BY_NAME)
    assert [str(rule.divides).lower() for rule in rules] == stated
    assert rules_from(as_entries(rules), BY_NAME) == rules


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("property('diet') = 'vegan'", "Unknown property 'diet'"),
        ("events('visited_prices') >= 1", "Unknown event 'visited_prices'"),
        ("order_90d >= 1", "Did you mean 'orders_90d'?"),
    ],
)
def test_what_the_data_lack_leaves_a_recipe_out_and_makes_a_dividing_rule_an_error(where: str, says: str) -> None:
    found = library_from([entry("a", divides="true"), entry("b", where)], BY_NAME)
    assert [rule.name for rule in found.rules] == ["a"]
    assert says in found.absent["b"]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("1 of 2 library rules cannot be used on these data, which lack ")
    for strict in ([entry("b", where)], [entry("b", where, divides="true"), entry("c")]):
        with pytest.raises(RuleError, match="Rule 1 "):
            library_from(strict, BY_NAME)
        with pytest.raises(RuleError, match="mark only the others `divides: true`"):
            library_from(strict, BY_NAME)
    with pytest.raises(AbsentError):
        rules_from([entry("a", divides="true"), entry("b", where)], BY_NAME)


def test_a_fault_that_no_data_would_mend_stays_an_error() -> None:
    with pytest.raises(RuleError, match=r"Rule 2 \(b\)"):
        library_from([entry("a", divides="true"), entry("b", "lower(country) = 'us'")], BY_NAME)
    with pytest.raises(RuleError, match=r"'a', 'A'.*names must differ"):
        library_from([entry("a", divides="true"), entry("A", "property('diet') = 'vegan'")], BY_NAME)
    absent = entry("b", "property('diet') = 'vegan'")
    with pytest.raises(RuleError, match=r"'b', 'b'.*names must differ"):
        library_from([entry("a", divides="true"), absent, absent], BY_NAME)
    assert len(library_from([entry("常連客"), entry("新規客")], BY_NAME).rules) == 2


def test_the_note_stays_short_however_much_is_lacking() -> None:
    absent = {f"r{n}": f"Unknown property 'p{n}'. Known: x." for n in range(30)}
    assert Library((), absent).notes == (
        "30 of 30 library rules cannot be used on these data, which lack property 'p0', property 'p1', property 'p2', "
        "property 'p3' and 26 more.",
    )


def test_the_note_names_what_is_lacking_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zipcodes", None)
    near = entry("near", "distance_miles('US', '99501') <= 30")
    found = library_from([entry("a", divides="true"), near, entry("b", "property('No. of kids') >= 1")], BY_NAME)
    assert found.notes == (
        "2 of 3 library rules cannot be used on these data, which lack property 'No. of kids'; "
        "distance_miles(): Postal codes need: pip install 'segment-discovery[geo]'.",
    )


def test_a_store_that_asked_nothing_runs_and_says_what_it_could_not_use(planted_store: Path, tmp_path: Path) -> None:
    run = service.discover(planted_store / "config.yaml", tmp_path / "w", overrides=ALONE)
    [note] = [note for note in run.notes if "library rules cannot be used" in note]
    assert f"of {len(NAMES)} library rules" in note
    [divided] = [s for s in run.segmentations if s.name == "rules"]
    assert [s.name for s in divided.placed] == DIVIDING
