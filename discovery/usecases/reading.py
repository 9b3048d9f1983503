"""One source read into a folder, and every customer's features at a date: the first two steps in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from discovery.core.compile import compile_settings
from discovery.core.dataset import Dataset
from discovery.core.feature import FeatureTable
from discovery.core.stated_day import stated_day
from discovery.engine.duckdb import Engine
from discovery.ingest.read import ingest
from discovery.usecases.measuring import measure


def read_table(path: str | Path, folder: str | Path, **settings: Any) -> Dataset:
    """Return the dataset of one CSV, TSV, text, Parquet or XLSX table, kept in `folder`.

    Parameters
    ----------
    path : str or Path
        The file, a folder, or a pattern such as ``2017-*.csv``; from the working folder if relative.
    folder : str or Path
        Where profiles.parquet, events.parquet and problems.parquet are written; made if missing.
    **settings : Any
        As a config's ``source`` states them (docs/settings.md): ``shape`` (what one row is), ``columns`` (our name:
        the file's), ``currency`` (ISO 4217), ``timezone``, ``date_format``, ...

    Returns
    -------
    Dataset
        With the rows that could not be used counted by reason.

    Raises
    ------
    SettingError
        If a setting is unknown, of the wrong type or out of range: all faults at once.
    DataError
        If the file is not there, lacks a column that was named, or cannot be read as stated.

    Notes
    -----
    A row without a customer, a date or an amount that can be read is a problem, counted and kept in problems.parquet;
    it is never dropped silently.

    Examples
    --------
    >>> import discovery
    >>> rows = ["Customer,Order,Date,Total", "ann,1,2025-01-03,20.00", "ann,2,2025-02-01,15.50", "ben,3,soon,9.00"]
    >>> with open("orders.csv", "w") as file:
    ...     _ = file.write("\\n".join(rows))
    >>> columns = {"customer_id": "Customer", "order_id": "Order", "at": "Date", "value": "Total"}
    >>> read = discovery.read_table("orders.csv", "dataset", shape="orders", currency="EUR", columns=columns)
    >>> read.customers, dict(read.events_by_name), dict(read.problems)
    (1, {'placed_order': 2}, {'bad_date': 1})
    """
    return _read({"kind": "table", "path": str(path), **settings}, folder)


def read_shopify(path: str | Path, folder: str | Path, **settings: Any) -> Dataset:
    """Return the dataset of one store's Shopify exports (orders; customers and products if there), kept in `folder`.

    Parameters
    ----------
    path : str or Path
        Folder with the CSV files as the admin exports them, or one orders file.
    folder : str or Path
        Where profiles.parquet, events.parquet and problems.parquet are written; made if missing.
    **settings : Any
        As a config's ``source`` states them (docs/settings.md): ``order_value``, ``customer_key``, ``currency``, ...

    Returns
    -------
    Dataset
        With the rows that could not be used counted by reason.

    Raises
    ------
    SettingError
        If a setting is unknown, of the wrong type or out of range: all faults at once.
    DataError
        If there is no orders file, or one that Shopify would not have written: columns missing, dates respelled.

    Notes
    -----
    An order that stands in several files counts once. The export does not say when a refund was made: it stands at the
    order's own date. Orders without the customer key are problems.

    Examples
    --------
    >>> import discovery
    >>> head = "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,"
    >>> order = "#1001,ann@example.com,paid,EUR,20.00,24.90,2025-01-03 10:00:00 +0100,2,Green tea,10.00"
    >>> with open("orders_export.csv", "w") as file:
    ...     _ = file.write(f"{head}Lineitem price\\n{order}\\n")
    >>> read = discovery.read_shopify("orders_export.csv", "dataset")
    >>> read.currency, sorted(read.events_by_name)
    ('EUR', ['ordered_product', 'placed_order'])
    """
    return _read({"kind": "shopify", "path": str(path), **settings}, folder)


def read_klaviyo(path: str | Path, folder: str | Path, **settings: Any) -> Dataset:
    """Return the dataset of one account's Klaviyo exports (profiles, events), kept in `folder`.

    Parameters
    ----------
    path : str or Path
        Folder with CSV files, or JSON answers of the API; each is recognised by its header or its shape.
    folder : str or Path
        Where profiles.parquet, events.parquet and problems.parquet are written; made if missing.
    **settings : Any
        As a config's ``source`` states them (docs/settings.md): ``currency``, ``metrics``, ``customer_key``, ...

    Returns
    -------
    Dataset
        With the rows that could not be used counted by reason.

    Raises
    ------
    SettingError
        If a setting is unknown, of the wrong type or out of range: all faults at once.
    DataError
        If the folder holds neither events nor profiles, or a file is neither.

    Notes
    -----
    Opens and clicks of machines (mail privacy, bots) are kept and marked: neither a response nor the want of one.

    Examples
    --------
    >>> import discovery
    >>> with open("Placed Order.csv", "w") as file:
    ...     _ = file.write("Timestamp,Person//Email,Event ID,Value\\n2025-01-03 09:00:00,ann@example.com,e1,24.90\\n")
    >>> read = discovery.read_klaviyo("Placed Order.csv", "dataset", currency="EUR")
    >>> read.customers, dict(read.events_by_name)
    (1, {'placed_order': 1})
    """
    return _read({"kind": "klaviyo", "path": str(path), **settings}, folder)


def read_canonical(path: str | Path, folder: str | Path) -> Dataset:
    """Return the dataset of a folder that already holds the canonical tables, checked and kept in `folder`.

    Parameters
    ----------
    path : str or Path
        Folder with profiles.parquet and events.parquet (docs/files.md), and store.json for the currency.
    folder : str or Path
        Where the checked tables and problems.parquet are written; made if missing. Another folder than `path`.

    Returns
    -------
    Dataset
        With the rows that could not be used counted by reason.

    Raises
    ------
    SettingError
        If `path` is empty.
    DataError
        If a table is missing, lacks a column, or holds values of another type.

    Examples
    --------
    >>> import discovery
    >>> read = discovery.read_canonical("store", "dataset")
    >>> read.customers, read.currency, str(read.data_end)
    (300, 'USD', '2026-01-01')
    """
    return _read({"kind": "canonical", "path": str(path)}, folder)


def extract_features(dataset: Dataset, as_of: date, names: Sequence[str] = ()) -> FeatureTable:
    """Return every customer's features at a date: those named, or the whole vocabulary.

    A customer is in the table if anything was known of them before the date.

    Parameters
    ----------
    dataset : Dataset
        As one of the ``read_...`` verbs returned it.
    as_of : date
        Exclusive: only events before midnight UTC at its start are seen.
    names : sequence of str
        Names of the vocabulary (docs/features.md), or measures in the rule language such as ``orders(days => 14)``.
        None: all.

    Returns
    -------
    FeatureTable
        One row per customer in increasing order of id, one column per feature in the order of `names`.

    Raises
    ------
    UsageError
        If a name is not known, with the nearest one.
    DataError
        If the data hold orders, and none of them lies before the date.

    Notes
    -----
    A value that cannot be known, such as the median gap between the orders of somebody with one, is NaN. What a missing
    value means is stated by each feature (``Feature.missing``).

    Examples
    --------
    >>> from datetime import date
    >>> import discovery
    >>> dataset = discovery.read_canonical("store", "dataset")
    >>> table = discovery.extract_features(dataset, date(2025, 10, 1), ["orders", "days_since_last_order"])
    >>> len(table), table.feature("days_since_last_order").unit
    (257, 'days')
    """
    with Engine() as engine:
        return measure(engine, dataset, stated_day(as_of, "as_of"), names).table


def _read(source: Mapping[str, Any], folder: str | Path) -> Dataset:
    settings = compile_settings({"source": source, "as_of": "data_end"})
    with Engine(settings.engine) as engine:
        return ingest(engine, settings.source, Path.cwd(), Path(folder))
