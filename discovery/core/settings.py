"""Every setting: default, unit, range and help, in one table of frozen dataclasses.

A config is compiled against this table by `discovery.core.compile`; a stage is given only its own part. No threshold
lives anywhere else, but for the bounds that must mean the same in every report (`discovery.core.bounds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from discovery.core.bounds import MEDIUM, SMALL
from discovery.core.settings_review import ReviewSettings
from discovery.core.sources import Source, setting


@dataclass(frozen=True)
class PlaceSettings:
    """Where customers are."""

    postal_points: bool = setting(False, "Place US customers without a point by their postal code (extra geo).")


@dataclass(frozen=True)
class EngineSettings:
    """The engine that computes features: embedded, or a Spark cluster."""

    kind: Literal["duckdb", "spark"] = setting("duckdb", "DuckDB in this process, or Apache Spark.")
    spark_master: str = setting("", "Address of a Spark master; none: Spark on this machine.")
    memory_limit: str = setting(
        "4GB",
        "About what reading and features may take in memory; what is beyond it lies on disk. Of Spark, the driver's.",
    )
    threads: int = setting(2, "Worker threads.", "threads", 1, 256)


@dataclass(frozen=True)
class FeatureSettings:
    """How features are cut, and which seasons they know."""

    cutoffs: Mapping[str, str] = setting(
        (), "Cut-offs of a band, such as aov_band: 50 100 200; none: learnt from the customers at the date."
    )
    seasons: Mapping[str, str] = setting(
        (), "Seasons of a store's own, or instead of a built-in one, such as singles_day: 11-11 to 11-11 (month-day)."
    )


@dataclass(frozen=True)
class LifetimeSettings:
    """When customers' future orders are predicted, and how far."""

    models: tuple[str, ...] = setting(("pareto_nbd", "mbg_nbd"), "Models tried in order, until one converges.")
    min_customers: int = setting(
        500, "With fewer, four parameters differ too much between equal stores.", "customers", 10, 1_000_000
    )
    min_history_days: int = setting(
        180, "In a shorter history somebody who left looks like somebody who has not come back yet.", "days", 14, 3_650
    )
    max_silent_days: int = setting(
        30, "No order at all for longer means that the data end before the date, not that customers left.", "days", 1
    )
    min_orders: int = setting(3, "Somebody must have ordered on this many days, or regularity cannot be seen.", "", 2)
    window_probability: float = setting(
        0.5, "Chance of the next order in the window shown; the rest lies half before, half after.", "share", 0.05, 0.95
    )
    window_limit_days: int = setting(1_095, "A next order later than this is called never.", "days", 30, 36_500)
    window_given_order: bool = setting(
        False, "Show when the next order comes if it comes, instead of leaving the window open where it may not."
    )


@dataclass(frozen=True)
class ClusterSettings:
    """How customers are clustered."""

    features: tuple[str, ...] = setting((), "Features to cluster on; none: the catalogue's default set.")
    properties: tuple[str, ...] = setting(
        (), "Answers customers gave that they are clustered on too, such as property_skin_type; none: they describe."
    )
    space: Literal["shrunken", "features"] = setting(
        "shrunken", "Cluster on empirical-Bayes features of orders and messages, or on plain features."
    )
    hdbscan_space: Literal["shrunken", "features"] = setting(
        "features", "The same for HDBSCAN; on empirical-Bayes features it finds planted types no better."
    )
    lead: float = setting(
        3.0,
        "Least weight of the orders to come where customers are cut for use, of no kinds; 0: none.",
        "",
        0,
        10,
    )
    lead_loss: float = setting(
        0.01,
        "So much worse a cut may rank who ordered in the quarter before; else it is heavier.",
        "AUC",
        0,
        0.5,
    )
    lead_customers: int = setting(
        200,
        "With fewer who ordered in that quarter, or did not, twenty coefficients would follow chance: none is learnt.",
        "customers",
        20,
        1_000_000,
    )
    leaning_from: float = setting(
        1.5,
        "A segment is named after a category that fills so many times everyone's share of its items.",
        "times",
        1,
        20,
    )
    hdbscan: bool = setting(True, "Also look for dense groups with HDBSCAN, as a segmentation of its own.")
    mixture: bool = setting(True, "Also fit the behavioural mixture, as a segmentation of its own.")
    lifecycle: bool = setting(
        False, "Also cluster prospects, one-time and repeat customers apart, as a segmentation of its own."
    )
    lifecycle_customers: int = setting(
        100, "A stage of fewer customers stays whole: halves of it agree on little.", "customers", 10, 1_000_000
    )
    categories: int = setting(10, "Categories told apart in what customers buy; the rest is other.", "", 1, 30)
    k: int = setting(0, "Number of segments of KMeans and mixture; 0: chosen by evidence.", "segments", 0, 30)
    k_low: int = setting(2, "Smallest number considered.", "segments", 2, 12)
    k_high: int = setting(12, "Largest number considered.", "segments", 2, 12)
    band_low: int = setting(5, "Fewest segments a team can tell apart in practice.", "segments", 2, 12)
    band_high: int = setting(8, "Most segments a team can serve in practice.", "segments", 2, 12)
    n_init: int = setting(10, "KMeans starts; two starts agreed only at ARI 0.73.", "starts", 1, 100)
    clip: float = setting(3.0, "Prepared features are clipped at this many deviations.", "deviations", 1, 10)
    correlated: float = setting(
        1.0, "Plain features correlated more strongly than this with one before them are left out; 1: none.", "", 0, 1
    )
    max_distance_share: float = setting(
        0.4, "A feature with more of the distances between customers is said to decide alone.", "share", 0.05, 1
    )
    fit_rows: int = setting(20_000, "Rows a model is fitted on; the rest is assigned.", "customers", 100, 10_000_000)
    discovered_from: float = setting(
        7.0,
        "Customers who belong to groups this much more clearly than structureless ones are of kinds, where it is "
        "emptier between the groups too; docs/clustering.md says how often that errs.",
        "deviations",
        1,
        20,
    )
    known_share: float = setting(
        0.4, "Whether there are kinds is tested on the customers with most orders: such a share.", "share", 0.05, 1
    )
    known_orders: int = setting(3, "And none of them with fewer orders.", "orders", 1, 100)
    null_draws: int = setting(20, "Structureless data sets each validity number stands beside.", "draws", 3, 1000)
    silhouette_rows: int = setting(2_000, "Rows a silhouette is measured on.", "customers", 100, 100_000)
    choice_rows: int = setting(4_000, "Rows each candidate and its nulls are compared on.", "customers", 200, 1_000_000)
    stability_draws: int = setting(
        20, "Halves of the customers clustered anew, to see which segments come again; 0: none.", "halves", 0, 1000
    )
    stability_rows: int = setting(
        20_000,
        "Rows they are drawn from; HDBSCAN and mixtures draw from choice_rows at most.",
        "customers",
        200,
        1_000_000,
    )
    min_cluster_share: float = setting(0.01, "Smallest HDBSCAN cluster, as a share of rows.", "share", 0.0005, 0.5)
    hdbscan_rows: int = setting(10_000, "Rows HDBSCAN is fitted on; the rest follows its neighbours.", "customers", 100)
    hdbscan_umap: int = setting(
        0, "Dimensions that UMAP lays customers out in before HDBSCAN, in some minutes; 0: none.", "dimensions", 0, 20
    )
    max_share: float = setting(0.6, "HDBSCAN is refused where one cluster holds more.", "share", 0.1, 1.0)
    min_coverage: float = setting(0.5, "HDBSCAN is refused where it places fewer.", "share", 0.0, 1.0)
    embedding: Literal["pca", "umap"] = setting("pca", "How customers are laid out for seeing.")
    embedding_rows: int = setting(10_000, "Customers in the picture.", "customers", 100, 200_000)


@dataclass(frozen=True)
class RuleSettings:
    """The rule library, and rules induced from clusters."""

    library: str = setting("segments.yaml", "Rule file, beside the config or shipped.")
    max_conditions: int = setting(4, "Most conditions in an induced rule.", "conditions", 1, 10)
    penalty: float = setting(0.004, "F1 a further condition must gain.", "F1", 0.0, 0.1)
    target: Literal["", "klaviyo"] = setting(
        "", "Prefer features that this target can express itself; none: all alike."
    )
    property_price: float = setting(
        0.03, "F1 that a condition the target cannot express must gain beyond that.", "F1", 0.0, 1.0
    )
    min_cover: float = setting(
        0.8, "Rules that select fewer of the customers placed leave too many out.", "share", 0, 1
    )
    exclusive: bool = setting(False, "Rules that never overlap, from one tree: each customer gets one message.")
    induce_rows: int = setting(20_000, "Customers rules are induced on.", "customers", 100, 1_000_000)
    said_f1: float = setting(0.7, "F1 from which a rule of the library, or two joined, say a cluster.", "F1", 0.0, 1.0)
    cut_within: float = setting(
        0.1, "A library rule that selects a share of a segment so near to half cuts it through.", "share", 0.0, 0.5
    )
    holdout_share: float = setting(0.5, "Customers kept to measure fidelity on.", "share", 0.1, 0.9)


@dataclass(frozen=True)
class ResponseSettings:
    """What counts as a response, where the data say more than orders and clicks."""

    event: str = setting("", "Event that is the response, counted in the forward window; none: the question's own.")
    property: str = setting(
        "", "Yes-or-no property that is the response, in data without times; nothing is then made from it."
    )
    attribution_days: int = setting(
        5, "What a customer does so long after a campaign reached them counts as its response.", "days", 1, 365
    )


@dataclass(frozen=True)
class ValidateSettings:
    """Thresholds of evidence, each with its reason."""

    horizon_days: int = setting(90, "Length of the forward window response is measured in.", "days", 1, 730)
    min_horizon_days: int = setting(14, "A shorter forward window shows nothing.", "days", 1, 730)
    detectable: float = setting(
        0.05, "A segment is substantial if it can show a response difference this large.", "share", 0.001, 0.5
    )
    power: float = setting(0.8, "Chance of seeing that difference.", "share", 0.5, 0.99)
    alpha: float = setting(0.05, "Error rate of each decision, after Holm.", "share", 0.001, 0.2)
    min_effect: float = setting(
        MEDIUM, "Cliff's delta from which a difference is called medium (Romano et al. 2006).", "delta", 0.0, 1.0
    )
    negligible_effect: float = setting(
        SMALL, "Cliff's delta below which groups are alike (Romano et al. 2006).", "delta", 0.0, 1.0
    )
    min_auc: float = setting(0.6, "Held-out AUC above which a segment is told apart.", "auc", 0.5, 1.0)
    auc_rows: int = setting(20_000, "Customers the held-out AUC is measured on.", "customers", 200, 1_000_000)
    stable_from: float = setting(
        0.75, "Jaccard index from which a segment that is clustered anew is stable (Hennig 2007).", "share", 0.0, 1.0
    )
    dissolved_below: float = setting(
        0.6, "Jaccard index below which a segment is not to be trusted (Hennig 2007).", "share", 0.0, 1.0
    )
    artefact_from: float = setting(
        0.9, "A segment this like the customers of one value, or one side of a threshold, is that.", "share", 0.5, 1.0
    )
    min_dip: float = setting(
        0.02, "A feature with a smaller dip has one hump in practice, however many customers there are.", "", 0.0, 0.25
    )
    merge_margin: float = setting(
        0.01, "Response rates closer than this are the same in practice.", "share", 0.001, 0.2
    )
    revenue_margin: float = setting(0.2, "Revenue per customer closer than this, relative.", "share", 0.01, 1.0)
    revenue_cap: float = setting(
        0.99,
        "Segments are compared with each customer's revenue up to what so many payers stay below, or a few orders hide "
        "all others; 1: whole.",
        "share",
        0.5,
        1.0,
    )
    merge_on: Literal["rate", "rate_and_revenue", "everything"] = setting(
        "rate_and_revenue",
        "What must be shown alike before two segments are merged; all else that is known can only forbid it.",
    )
    prior_recipients: int = setting(
        100, "Everyone's rate in a campaign, drawn on for a segment, weighs as many.", "recipients", 0, 100_000
    )
    min_filled: float = setting(
        0.8, "A rule's field that is empty for one customer in five says too little of who is selected.", "share", 0, 1
    )
    min_reachable: float = setting(
        0.5,
        "A segment of which fewer may be sent e-mail is hard to serve: less than half would answer for it.",
        "share",
        0,
        1,
    )
    max_customers_needed: int = setting(
        5_000_000, "Beyond this many customers a pair is said to be untellable.", "customers", 1_000
    )


@dataclass(frozen=True)
class Settings:
    """A compiled config."""

    source: Source = setting(help="Where the data come from.")
    as_of: date | Literal["data_end"] = setting(
        help="Features see only events before midnight UTC at the start of this day; `data_end`: all of them."
    )
    seed: int = setting(7, "The only source of chance.", "", 0, 2**31 - 1)
    question: Literal["", "repeat", "churn", "onboarding", "value", "engagement"] = setting(
        "", "The business question the segments serve; none: repeat."
    )
    places: PlaceSettings = setting(PlaceSettings(), "Where customers are.")
    engine: EngineSettings = setting(EngineSettings(), "The embedded engine.")
    features: FeatureSettings = setting(FeatureSettings(), "How features are cut.")
    lifetime: LifetimeSettings = setting(LifetimeSettings(), "When customers' future orders are predicted.")
    cluster: ClusterSettings = setting(ClusterSettings(), "How customers are clustered.")
    rules: RuleSettings = setting(RuleSettings(), "The rule library, and rules induced from clusters.")
    response: ResponseSettings = setting(ResponseSettings(), "What counts as a response.")
    validate: ValidateSettings = setting(ValidateSettings(), "Thresholds of evidence.")
    review: ReviewSettings = setting(ReviewSettings(), "When two runs are compared.")
