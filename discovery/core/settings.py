"""Every setting: default, unit, range and help, in one table of frozen dataclasses.

A config is compiled against this table; a stage is given only its own part. No threshold lives anywhere else.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Literal, get_args, get_origin

from discovery.core.errors import SettingError, did_you_mean
from discovery.core.setting_values import typed


def setting(
    default: Any = MISSING, help: str = "", unit: str = "", low: float | None = None, high: float | None = None
) -> Any:
    """Declare one setting with its default, help, unit and inclusive range."""
    metadata = {"help": help, "unit": unit, "low": low, "high": high}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class CanonicalSource:
    """A folder that already holds the canonical tables, as ``discovery simulate`` writes it."""

    kind: Literal["canonical"] = setting("canonical", "Which reader.")
    path: str = setting("", "Folder with profiles.parquet and events.parquet.")
    currency: str = setting("", "ISO 4217 code, if the folder's store.json does not say it.")


@dataclass(frozen=True)
class TablePart:
    """One table of a source: which files, what one row is, and which column is what."""

    path: str = setting("", "CSV, TSV, text, Parquet or XLSX: a file, a folder, or a pattern such as 2017-*.csv.")
    shape: Literal["order_lines", "orders", "events", "customers"] = setting("order_lines", "What one row is.")
    columns: Mapping[str, str] = setting((), "Our name: the file's column name.")
    constants: Mapping[str, str] = setting((), "Our name: the value that every row has.")
    event_names: Mapping[str, str] = setting((), "The file's word for an event: our name.")
    only: Mapping[str, str] = setting((), "Column: the value of the rows to read (several: a | b); the rest is left.")
    missing: Mapping[str, str] = setting((), "Our name: the value that means unknown (several: a | b).")
    join: str = setting("", "A second file that adds its columns to each row, such as products to order lines.")
    join_on: str = setting("", "Column that both files share; in the second no value may stand twice.")
    sheets: tuple[str, ...] = setting((), "Sheets of an XLSX to read, or values of `sheet_column`; none: all.")
    sheet_column: str = setting("", "Column that tells which extract a row came from, for a file already joined.")
    overlapping_extracts: bool = setting(
        False, "Sheets or files overlap: a row is kept as often as the one that holds it most often holds it."
    )
    repeated_rows: Literal["keep", "drop"] = setting(
        "keep", "A row equal to another in every mapped column; order lines may repeat on purpose."
    )
    header: tuple[str, ...] = setting((), "Names of the columns, for a text file without a header line.")
    delimiter: Literal["auto", ",", ";", "|", "tab", "space"] = setting("auto", "What parts the fields of a text file.")
    encoding: str = setting("auto", "Of a text file, for example cp1252; auto: UTF-8, or UTF-16 where it shows.")
    decimal: Literal["auto", ".", ","] = setting("auto", "Decimal sign of numbers that are text.")
    date_format: str = setting("", "strptime format of dates that are text, for example %d/%m/%Y %H:%M.")
    epoch: str = setting("", "Day from which `at` counts, such as 2018-07-26, where it is a number.")
    time_unit: Literal["hours", "minutes", "seconds", "days", "weeks"] = setting(
        "hours", "What `at` counts, with `epoch`."
    )
    refund_prefix: str = setting("", "An order whose id starts so is a refund of lines sold before.")
    zero_orders: Literal["problem", "keep"] = setting(
        "problem", "Orders of value 0: reported and left out, or kept as events (features count orders above 0)."
    )


@dataclass(frozen=True)
class TableSource(TablePart):
    """Any CSV, TSV, text, Parquet or XLSX, with a mapping of columns; or several of them."""

    kind: Literal["table"] = setting("table", "Which reader.")
    tables: tuple[TablePart, ...] = setting((), "Several tables in place of one; their paths start from source.path.")
    currency: str = setting("", "ISO 4217 code of every amount.")
    rates: Mapping[str, str] = setting((), "Other currency's code: what one unit of it is worth in `currency`.")
    other_currencies: Literal["refuse", "problem"] = setting(
        "refuse", "Rows in a currency without a rate: refuse the source, or report them and leave them out."
    )
    timezone: str = setting("UTC", "Zone of times that carry none.")
    service_products: tuple[str, ...] = setting(
        (), "Product ids (any case) that are postage, fees or adjustments: paid for, but no product bought."
    )
    country_aliases: Mapping[str, str] = setting((), "Country names of the file that ISO 3166 lacks: their code.")
    largest_file: float = setting(20.0, "A larger file is refused unread.", "GB", 0.000001, 10_000)
    largest_ratio: float = setting(200.0, "A file that unpacks to more times its size is refused.", "times", 1, 100_000)


@dataclass(frozen=True)
class ShopifySource:
    """Shopify's admin exports: orders, and where there are some, customers and products."""

    kind: Literal["shopify"] = setting("shopify", "Which reader.")
    path: str = setting("", "Folder with the CSV exports of one store, or one orders file.")
    order_value: Literal["total", "subtotal"] = setting(
        "total", "An order's value: with shipping and taxes, as Klaviyo counts, or the products alone."
    )
    customer_key: Literal["email", "phone"] = setting("email", "What tells customers apart; orders without it are out.")
    currency: str = setting("", "ISO 4217 code, where the export states none; or the one of several to read.")
    timezone: str = setting("UTC", "Zone of times that carry none; Shopify's own carry one.")
    service_products: tuple[str, ...] = setting(
        ("Tip",), "Names or SKUs (any case) that are tips or fees: paid for, but no product bought."
    )


@dataclass(frozen=True)
class KlaviyoSource:
    """Klaviyo's exports: profiles and events, as CSV or in the JSON of its API."""

    kind: Literal["klaviyo"] = setting("klaviyo", "Which reader.")
    path: str = setting("", "Folder with the CSV and JSON files of one account, or one file.")
    customer_key: Literal["id", "email"] = setting("id", "What names a customer; the other one where it is missing.")
    metrics: Mapping[str, str] = setting((), "Events file: the metric it holds, where its name does not say it.")
    metric_names: Mapping[str, str] = setting((), "Metric id of the JSON: its name, where the files do not say it.")
    currency: str = setting("", "ISO 4217 code of every amount, where the events state none.")
    timezone: str = setting("UTC", "Zone of times that carry none; Klaviyo's are UTC.")


PartSource = CanonicalSource | TableSource | ShopifySource | KlaviyoSource


@dataclass(frozen=True)
class JoinedSource:
    """Several sources of one store; where two state the same field of a customer, the first part counts."""

    kind: Literal["joined"] = setting("joined", "Which reader.")
    key: Literal["email", "id"] = setting("email", "What tells that customers of two parts are one.")
    parts: tuple[PartSource, ...] = setting((), "Two or more sources, each with its kind; the most trusted first.")

    @property
    def path(self) -> str:
        """The folder that holds the files of all parts, as the config would name it."""
        steps = [PurePosixPath(p.path).parts for p in self.parts]
        shared = 0
        while all(len(s) > shared for s in steps) and len({s[shared] for s in steps}) == 1:
            shared += 1
        up = max(sum(part == ".." for part in s[shared:]) for s in steps)
        return str(PurePosixPath(*steps[0][:shared], *[".."] * up))


Source = CanonicalSource | TableSource | ShopifySource | KlaviyoSource | JoinedSource
SOURCES: Mapping[str, type[Source]] = {
    "canonical": CanonicalSource,
    "table": TableSource,
    "shopify": ShopifySource,
    "klaviyo": KlaviyoSource,
    "joined": JoinedSource,
}


@dataclass(frozen=True)
class PlaceSettings:
    """Where customers are."""

    postal_points: bool = setting(False, "Place US customers without a point by their postal code (extra geo).")


@dataclass(frozen=True)
class EngineSettings:
    """The engine that computes features: embedded, or a Spark cluster."""

    kind: Literal["duckdb", "spark"] = setting("duckdb", "DuckDB in this process, or Apache Spark.")
    spark_master: str = setting("", "Address of a Spark master; none: Spark on this machine.")
    memory_limit: str = setting("4GB", "Beyond this DuckDB spills to disk; of Spark, the driver's.")
    threads: int = setting(2, "Worker threads.", "threads", 1, 256)


@dataclass(frozen=True)
class ClusterSettings:
    """How customers are clustered."""

    features: tuple[str, ...] = setting((), "Features to cluster on; none: the catalogue's default set.")
    k: int = setting(0, "Number of KMeans segments; 0: chosen by evidence.", "segments", 0, 30)
    k_low: int = setting(2, "Smallest number considered.", "segments", 2, 12)
    k_high: int = setting(10, "Largest number considered.", "segments", 2, 12)
    band_low: int = setting(5, "Fewest segments a team can tell apart in practice.", "segments", 2, 12)
    band_high: int = setting(8, "Most segments a team can serve in practice.", "segments", 2, 12)
    n_init: int = setting(10, "KMeans starts; two starts agreed only at ARI 0.73.", "starts", 1, 100)
    clip: float = setting(3.0, "Prepared features are clipped at this many deviations.", "deviations", 1, 10)
    fit_rows: int = setting(20_000, "Rows a model is fitted on; the rest is assigned.", "customers", 100, 10_000_000)
    null_draws: int = setting(10, "Structureless data sets each validity number stands beside.", "draws", 3, 1000)
    silhouette_rows: int = setting(2_000, "Rows a silhouette is measured on.", "customers", 100, 100_000)
    choice_rows: int = setting(4_000, "Rows each candidate and its nulls are compared on.", "customers", 200, 1_000_000)
    min_cluster_share: float = setting(0.01, "Smallest HDBSCAN cluster, as a share of rows.", "share", 0.0005, 0.5)
    hdbscan_rows: int = setting(10_000, "Rows HDBSCAN is fitted on; the rest follows its neighbours.", "customers", 100)
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
    induce_rows: int = setting(20_000, "Customers rules are induced on.", "customers", 100, 1_000_000)
    holdout_share: float = setting(0.5, "Customers kept to measure fidelity on.", "share", 0.1, 0.9)


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
        0.33, "Cliff's delta from which a difference is called medium (Romano et al. 2006).", "delta", 0.0, 1.0
    )
    min_auc: float = setting(0.6, "Held-out AUC above which a segment is told apart.", "auc", 0.5, 1.0)
    auc_rows: int = setting(20_000, "Customers the held-out AUC is measured on.", "customers", 200, 1_000_000)
    merge_margin: float = setting(
        0.01, "Response rates closer than this are the same in practice.", "share", 0.001, 0.2
    )
    revenue_margin: float = setting(0.2, "Revenue per customer closer than this, relative.", "share", 0.01, 1.0)
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
    cluster: ClusterSettings = setting(ClusterSettings(), "How customers are clustered.")
    rules: RuleSettings = setting(RuleSettings(), "The rule library, and rules induced from clusters.")
    validate: ValidateSettings = setting(ValidateSettings(), "Thresholds of evidence.")


@dataclass(frozen=True)
class SettingRow:
    """One line of ``discovery config show``."""

    name: str
    value: object
    default: object
    unit: str
    origin: str
    help: str


def compile_settings(raw: Mapping[str, Any]) -> Settings:
    """Return the settings a config states, checked; whatever it leaves out keeps its default.

    Parameters
    ----------
    raw : mapping
        A config as read from YAML: plain strings, numbers, booleans, dates, lists and mappings.

    Raises
    ------
    SettingError
        Naming every fault at once: unknown keys with the nearest known one, wrong types, values out of range.

    Examples
    --------
    >>> compile_settings({"source": {"kind": "canonical", "path": "s"}, "as_of": "2026-01-01"}).cluster.k_high
    10
    """
    faults: list[str] = []
    compiled = _compile(Settings, raw, "", faults)
    if faults:
        raise SettingError("\n".join(faults))
    result = typing.cast(Settings, compiled)
    _check_paths(result.source)
    if result.cluster.k_low > result.cluster.k_high or result.cluster.band_low > result.cluster.band_high:
        raise SettingError("cluster.k_low and cluster.band_low must not exceed cluster.k_high and cluster.band_high.")
    return result


def setting_rows(settings: Settings, origins: Mapping[str, str]) -> Iterator[SettingRow]:
    """Yield every setting in order, with where its value came from (``default`` where `origins` says nothing)."""
    yield from _rows(settings, "", origins)


def as_plain(value: Any) -> Any:
    """Return settings as plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [as_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def _rows(settings: Any, prefix: str, origins: Mapping[str, str]) -> Iterator[SettingRow]:
    for each in fields(settings):
        name, value = prefix + each.name, getattr(settings, each.name)
        if is_dataclass(value):
            yield from _rows(value, name + ".", origins)
            continue
        default = None if each.default is MISSING else each.default
        empty: Any = {} if isinstance(value, Mapping) and default == () else default
        meta = each.metadata
        yield SettingRow(
            name, as_plain(value), as_plain(empty), meta["unit"], origins.get(name, "default"), meta["help"]
        )


def _compile(kind: type, raw: Any, prefix: str, faults: list[str]) -> Any:
    where = prefix.rstrip(".") or "the config"
    if not isinstance(raw, Mapping):
        faults.append(f"{where} must be a mapping of settings, got {raw!r}.")
        return None
    known = {f.name: f for f in fields(kind)}
    for key in raw:
        if key not in known:
            faults.append(f"Unknown setting {prefix}{key}. {did_you_mean(str(key), known)}")
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, each in known.items():
        if name not in raw:
            if each.default is MISSING:
                faults.append(f"{prefix}{name} must be set. {each.metadata['help']}")
            elif each.default == () and get_origin(hints[name]) is not tuple:
                values[name] = {}
            continue
        if name == "source":
            values[name] = _source(raw[name], "source", faults)
        elif kind is JoinedSource and name == "parts":
            values[name] = _parts(raw[name], prefix + name, faults)
        elif is_dataclass(hints[name]):
            values[name] = _compile(hints[name], raw[name], f"{prefix}{name}.", faults)
        elif get_origin(hints[name]) is tuple and is_dataclass(get_args(hints[name])[0]):
            listed = raw[name] if isinstance(raw[name], list) else [raw[name]]
            kind_of = typing.cast(type, get_args(hints[name])[0])
            values[name] = tuple(_compile(kind_of, r, f"{prefix}{name}[{i}].", faults) for i, r in enumerate(listed))
        else:
            values[name] = _value(raw[name], hints[name], each, prefix + name, faults)
    return None if faults else kind(**values)


def _source(raw: Any, name: str, faults: list[str], known: Iterable[str] = SOURCES) -> Any:
    kind = str(raw.get("kind", "")) if isinstance(raw, Mapping) else ""
    if kind not in known:
        hint = did_you_mean(kind, known)
        faults.append(f"{name}.kind must be one of {', '.join(known)}, got {kind!r}. {hint}")
        return None
    return _compile(SOURCES[kind], raw, f"{name}.", faults)


def _parts(raw: Any, name: str, faults: list[str]) -> Any:
    if not isinstance(raw, (list, tuple)):
        faults.append(f"{name} must be a list of two or more sources, got {raw!r}.")
        return None
    known = [k for k in SOURCES if k != "joined"]
    return tuple(_source(part, f"{name}[{i}]", faults, known) for i, part in enumerate(raw))


def _check_paths(source: Source) -> None:
    parts = source.parts if isinstance(source, JoinedSource) else ()
    if isinstance(source, JoinedSource) and len(parts) < 2:
        raise SettingError(f"source.parts must be a list of two or more sources, got {len(parts)}.")
    for name, path in [(f"source.parts[{i}]", p.path) for i, p in enumerate(parts)] or [("source", source.path)]:
        if not path:
            with_set = "" if parts else f" or with --set {name}.path=..."
            raise SettingError(f"{name}.path must name a file or folder. Set it in the config{with_set}")
    if len({p.path.startswith("/") for p in parts}) > 1:
        raise SettingError("The paths of source.parts must be all relative to the config, or all absolute.")


def _value(raw: Any, hint: Any, each: Field[Any], name: str, faults: list[str]) -> Any:
    low, high = each.metadata["low"], each.metadata["high"]
    value, expected = typed(raw, hint)
    if expected:
        faults.append(f"{name} must be {expected}, got {raw!r}. {each.metadata['help']}")
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        bottom, ceiling = -math.inf if low is None else low, math.inf if high is None else high
        if not bottom <= value <= ceiling:
            unit = f" {each.metadata['unit']}" if each.metadata["unit"] else ""
            top = "" if high is None else f" and at most {high:g}"
            faults.append(f"{name} must be at least {low:g}{top}{unit}, got {value!r}. {each.metadata['help']}")
    return value
