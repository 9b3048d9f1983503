"""Where the data of a run come from: the workspace's own, or files brought in here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.format import day, size
from discovery.core.dataset import day_of
from discovery.core.errors import DiscoveryError
from discovery.core.many import many
from discovery.dashboard import frame
from discovery.dashboard.mapping import SHAPES, called, guess, properties

OWN = "The data in this workspace"
#: What may be brought in: the reader, the kinds of files it reads, and what to bring.
KINDS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "Shopify export": (
        "shopify",
        ("csv", "gz"),
        "Shopify admin: Orders, Export, as CSV. Customers and Products exports add consent, categories and brands.",
    ),
    "Klaviyo export": (
        "klaviyo",
        ("csv", "json", "gz"),
        "Klaviyo: a profiles export as CSV, and events as CSV or as the JSON of its API.",
    ),
    "Any table": (
        "table",
        ("csv", "tsv", "txt", "parquet", "xlsx"),
        "One file with a header: orders, lines of orders, events or customers.",
    ),
}


@dataclass(frozen=True)
class Files:
    """The files of one kind that a session brought in."""

    workspace: service.Workspace
    kind: str

    @property
    def session(self) -> str:
        """Name of their folder: one for each session and kind."""
        return f"{st.session_state.setdefault('session', secrets.token_hex(8))}-{self.kind}"

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return service.upload_folder(self.workspace, self.session)

    @property
    def paths(self) -> Sequence[Path]:
        """The files, by name."""
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []


def choose_source(workspace: service.Workspace) -> Mapping[str, Any] | None:
    """Let the reader choose the data; return them as a config's ``source``, or None while they are not complete."""
    dataset = workspace.dataset()
    options = [OWN, *KINDS] if dataset else list(KINDS)
    chosen = st.segmented_control(
        "Where are the data?", options, default=options[0], required=True, key="source", persist_state="session"
    )
    if chosen == OWN and dataset:
        what = f"{many(dataset.customers, 'customer')} and {many(dataset.events, 'event')}"
        when = f"{day(day_of(dataset.first_at))} to {day(day_of(dataset.last_at))}"
        st.html(html.block(html.text(f"{what}, {when}, in {dataset.currency}.")))
        return {"kind": "canonical", "path": str(dataset.folder), "currency": dataset.currency}
    kind, types, help = KINDS[chosen]
    files = Files(workspace, kind)
    _bring_in(files, types, help)
    if dataset:
        other = "A run from these files replaces the data of this workspace; runs made before stay as they are."
        st.html(html.block(html.text(other, css="muted")))
    if not files.paths:
        return None
    return _table(files) if kind == "table" else _platform(files)


def _bring_in(files: Files, types: Sequence[str], help: str) -> None:
    """Show what was brought in, and a place for more; what is dropped there is copied at once."""
    turn = st.session_state.setdefault("upload-turn", 0)
    key = f"files-{files.kind}-{turn}"

    def keep() -> None:
        service.drop_old_uploads(files.workspace, datetime.now(UTC))
        given = st.session_state[key] or []
        if files.kind == "table":
            service.drop_uploads(files.workspace, files.session)
        try:
            for each in given if isinstance(given, list) else [given]:
                service.keep_upload(files.workspace, files.session, each.name, each.getvalue())
        except DiscoveryError as error:
            st.session_state["upload-fault"] = str(error)
        # A new place forgets the old one's copy in memory.
        st.session_state["upload-turn"] = turn + 1

    st.file_uploader(
        "Files",
        list(types),
        accept_multiple_files=files.kind != "table",
        key=key,
        on_change=keep,
        help="They stay on this machine.",
    )
    st.html(html.block(html.text(help, css="muted")))
    if fault := st.session_state.pop("upload-fault", ""):
        st.error(fault)
    if files.paths:
        with st.container(horizontal=True, vertical_alignment="center"):
            names = ", ".join(f"{p.name} ({size(p.stat().st_size)})" for p in files.paths)
            st.html(html.block(html.text(f"Brought in: {names}")), width="content")
            st.button("Remove these files", on_click=service.drop_uploads, args=(files.workspace, files.session))


def _platform(files: Files) -> Mapping[str, Any]:
    currency, zone = st.columns(2)
    stated = {
        "currency": currency.text_input(
            "Currency, if the files do not say it",
            max_chars=3,
            placeholder="USD",
            key="currency",
            persist_state="session",
        ).upper(),
        "timezone": zone.text_input("Zone of times without one", "UTC", key="timezone", persist_state="session"),
    }
    return {"kind": files.kind, "path": str(files.folder), **{k: v for k, v in stated.items() if v}}


def _table(files: Files) -> Mapping[str, Any] | None:
    """Let the reader say which column is what."""
    path = files.paths[-1]
    try:
        rows = _preview(str(path), path.stat().st_mtime_ns)
    except DiscoveryError as error:
        st.error(str(error))
        return None
    words = st.selectbox("What is one row?", list(SHAPES), key="shape", persist_state="session")
    shape = SHAPES[words]
    if st.toggle("Show the first rows (they may name people)", key="show-rows"):
        frame.table(rows.fillna(""))
    required = service.TABLE_NEEDS[shape]
    usual = ("quantity", "unit_price", "value", "product", "category", "discount", "country")
    first = [*required, *(c for c in usual if c in service.TABLE_COLUMNS[shape] and c not in required)]
    rest = [c for c in service.TABLE_COLUMNS[shape] if c not in first]
    guessed = guess(list(rows.columns), [*first, *rest])
    columns = _columns(f"{path.name}-{shape}", first, rows, guessed, required)
    with st.expander("More columns"):
        columns |= _columns(f"{path.name}-{shape}", rest, rows, guessed, required)
        left = [c for c in rows.columns if c not in columns.values()]
        more = st.multiselect("Anything else you know of the customer", left, key=f"properties-{path.name}-{shape}")
        columns |= properties(more)
    source = {"kind": "table", "path": str(path), "shape": shape, "columns": columns, **_reading(shape)}
    missing = [called(c) for c in required if c not in columns]
    missing += ["the currency"] if len(source.get("currency", "")) != 3 else []
    if missing:
        st.html(html.block(html.text(f"Still to be said: {', '.join(missing)}.")))
    return None if missing else source


def _columns(
    key: str, names: Sequence[str], rows: pd.DataFrame, guessed: Mapping[str, str], required: Sequence[str]
) -> dict[str, str]:
    options, found = list(rows.columns), {}
    for number, ours in enumerate(names):
        if number % 3 == 0:
            cells = st.columns(3)
        label = called(ours) + (" (needed)" if ours in required else "")
        at = options.index(guessed[ours]) if ours in guessed else None
        column = cells[number % 3].selectbox(
            label, options, at, placeholder="not in the file", key=f"column-{key}-{ours}", persist_state="session"
        )
        if column:
            found[ours] = column
    return found


def _reading(shape: str) -> dict[str, Any]:
    """Return how values are read: currency, dates, the word for an order, refunds."""
    currency, form, special = st.columns(3)
    stated: dict[str, Any] = {
        "currency": currency.text_input(
            "Currency (needed)", max_chars=3, placeholder="USD", key="currency", persist_state="session"
        ).upper(),
        "date_format": form.text_input(
            "Date format, if it is not told right",
            placeholder="%d/%m/%Y %H:%M",
            key="date-format",
            persist_state="session",
        ),
    }
    if shape == "events":
        word = special.text_input("Its word for an order", "placed_order", key="order-word", persist_state="session")
        stated["event_names"] = {word: "placed_order"} if word != "placed_order" else {}
    elif shape != "customers":
        stated["refund_prefix"] = special.text_input(
            "Refunds: their number starts with", placeholder="C", key="refund-prefix", persist_state="session"
        )
    return {k: v for k, v in stated.items() if v}


@st.cache_data(max_entries=8, show_spinner="Reading the first rows ...")
def _preview(path: str, changed: int) -> pd.DataFrame:
    return service.preview(Path(path))
