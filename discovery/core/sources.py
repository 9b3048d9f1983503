"""Settings of the sources: where the data come from, and how they are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal


def setting(
    default: Any = MISSING, help: str = "", unit: str = "", low: float | None = None, high: float | None = None
) -> Any:
    """Declare one setting with its default, help, unit and inclusive range."""
    metadata = {"help": help, "unit": unit, "low": low, "high": high}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class FileLimits:
    """How large a file may be, as it lies there and unpacked."""

    largest_file: float = setting(20.0, "A larger file is refused unread.", "GB", 0.000001, 10_000)
    largest_ratio: float = setting(200.0, "A file that unpacks to more times its size is refused.", "times", 1, 100_000)


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
class TableSource(TablePart, FileLimits):
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


@dataclass(frozen=True)
class ShopifySource(FileLimits):
    """Shopify's admin exports: orders, and where there are some, customers and products."""

    kind: Literal["shopify"] = setting("shopify", "Which reader.")
    path: str = setting("", "Folder with the CSV exports of one store, or one orders file.")
    encoding: str = setting("auto", "Of a text file, for example cp1252; auto: UTF-8, or UTF-16 where it shows.")
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
class KlaviyoSource(FileLimits):
    """Klaviyo's exports: profiles and events, as CSV or in the JSON of its API."""

    kind: Literal["klaviyo"] = setting("klaviyo", "Which reader.")
    path: str = setting("", "Folder with the CSV and JSON files of one account, or one file.")
    encoding: str = setting("auto", "Of the CSV files, for example cp1252; auto: UTF-8, or UTF-16 where it shows.")
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
