"""Every setting: default, unit, range and help, in one table of frozen dataclasses.

A config is compiled against this table; a stage is given only its own part. No threshold lives anywhere else.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal, NoReturn, get_args, get_origin

from discovery.core.errors import SettingError, did_you_mean


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
class TableSource:
    """Any CSV, Parquet or XLSX of orders or order lines, with a mapping of columns."""

    kind: Literal["table"] = setting("table", "Which reader.")
    path: str = setting("", "CSV, Parquet or XLSX file.")
    shape: Literal["order_lines", "orders"] = setting("order_lines", "What one row is.")
    columns: Mapping[str, str] = setting((), "Our name: the file's column name.")
    sheets: tuple[str, ...] = setting((), "Sheets of an XLSX to read, or values of `sheet_column`; none: all.")
    sheet_column: str = setting("", "Column that tells which extract a row came from, for a file already joined.")
    overlapping_extracts: bool = setting(
        False, "Sheets overlap in time: a row is kept as often as the sheet that holds it most often holds it."
    )
    currency: str = setting("", "ISO 4217 code of every amount.")
    timezone: str = setting("UTC", "Zone of times that carry none.")
    date_format: str = setting("", "strptime format of `at` where it is text, for example %d/%m/%Y %H:%M.")
    decimal: Literal[".", ","] = setting(".", "Decimal sign of numbers in a CSV.")
    refund_prefix: str = setting("", "An order whose id starts so is a refund of lines sold before.")
    service_products: tuple[str, ...] = setting(
        (), "Product ids (any case) that are postage, fees or adjustments: paid for, but no product bought."
    )
    country_aliases: Mapping[str, str] = setting((), "Country names of the file that ISO 3166 lacks: their code.")


Source = CanonicalSource | TableSource
SOURCES: Mapping[str, type[Source]] = {"canonical": CanonicalSource, "table": TableSource}


@dataclass(frozen=True)
class EngineSettings:
    """The embedded engine."""

    memory_limit: str = setting("4GB", "Beyond this DuckDB spills to disk.")
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
    if not result.source.path:
        raise SettingError("source.path must name a file or folder. Set it in the config or with --set source.path=...")
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
            values[name] = _source(raw[name], faults)
        elif is_dataclass(hints[name]):
            values[name] = _compile(hints[name], raw[name], f"{prefix}{name}.", faults)
        else:
            values[name] = _value(raw[name], hints[name], each, prefix + name, faults)
    return None if faults else kind(**values)


def _source(raw: Any, faults: list[str]) -> Any:
    kind = str(raw.get("kind", "")) if isinstance(raw, Mapping) else ""
    if kind not in SOURCES:
        hint = did_you_mean(kind, SOURCES)
        faults.append(f"source.kind must be one of {', '.join(SOURCES)}, got {kind!r}. {hint}")
        return None
    return _compile(SOURCES[kind], raw, "source.", faults)


def _value(raw: Any, hint: Any, each: Field[Any], name: str, faults: list[str]) -> Any:
    low, high = each.metadata["low"], each.metadata["high"]
    value, expected = _typed(raw, hint)
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


def _typed(raw: Any, hint: Any) -> tuple[Any, str]:
    """Return the value as the hinted type and "", or None and what was expected."""
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        for option in get_args(hint):
            value, expected = _typed(raw, option)
            if not expected:
                return value, ""
        return None, "a date such as 2026-01-01, or data_end"
    if origin is Literal:
        options = get_args(hint)
        return (raw, "") if raw in options else (None, "one of " + ", ".join(repr(o) for o in options))
    if origin is tuple:
        ok = isinstance(raw, (list, tuple)) and all(isinstance(v, str) for v in raw)
        return (tuple(raw), "") if ok else (None, "a list of texts")
    if origin is Mapping:
        ok = isinstance(raw, Mapping) and all(isinstance(v, str) for v in raw.values())
        return ({str(k): v for k, v in raw.items()}, "") if ok else (None, "a mapping of texts")
    return _plain(raw, hint)


def _plain(raw: Any, hint: Any) -> tuple[Any, str]:
    """Type a scalar by its setting; a text of the right form counts, since YAML and ``--set`` bring texts."""
    read, expected = _SCALARS[hint]
    try:
        return read(raw), ""
    except (ValueError, TypeError):
        return None, expected


def _as_date(raw: Any) -> date:
    if isinstance(raw, datetime):
        raise TypeError
    return raw if isinstance(raw, date) else date.fromisoformat(raw)


def _as_bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    return {"true": True, "false": False}[raw] if raw in ("true", "false") else _refuse()


def _as_int(raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)", raw):
        return int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else _refuse()


def _as_float(raw: Any) -> float:
    if isinstance(raw, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e-?[0-9]+)?", raw):
        return float(raw)
    return float(raw) if isinstance(raw, (int, float)) and not isinstance(raw, bool) else _refuse()


def _as_text(raw: Any) -> str:
    return raw if isinstance(raw, str) else _refuse()


def _refuse() -> NoReturn:
    raise ValueError


_SCALARS: Mapping[Any, tuple[Callable[[Any], Any], str]] = {
    date: (_as_date, "a date such as 2026-01-01"),
    bool: (_as_bool, "true or false"),
    int: (_as_int, "a whole number"),
    float: (_as_float, "a number"),
    str: (_as_text, "a text (put it in quotes)"),
}
