"""What each form of export asks, shows and hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import pandas as pd
import streamlit as st

from discovery import service
from discovery.charts import html
from discovery.charts.format import count
from discovery.core.errors import DiscoveryError
from discovery.core.headed import headed
from discovery.core.many import many
from discovery.dashboard import frame
from discovery.dashboard.frame import Selection

ABOUT = "A rule selects again tomorrow, in the tool that sends; a list of members is of today."
FIDELITY = (
    "Found: of the customers of the segment, how many its rule selects. Right: of those it selects, how many belong. "
    "F1 joins both. All measured on customers the rule was not made on, with a 95% interval."
)
STALE = (
    "Where Klaviyo cannot say a condition itself, its value is written to each profile as a property named with the "
    "date of the run; it goes stale until it is written again."
)
SELECTED = "Selected are all whom a rule selects; where rules overlap, a customer is counted by each."
UNREACHED = "Customers with neither e-mail nor phone get no property; index.json says how many they are."
#: A loss that more conditions share is told once.
_OFTEN = 3
_CONSENT = {"E-mail": "email", "SMS": "sms", "Everyone, whatever they allow": ""}
_WAYS = {"native": "itself", "predictive": "by its prediction", "property": "by a property"}
_READERS = {
    "A spreadsheet": "spreadsheet",
    "Another program": "machine",
    "Meta, hashed": "meta",
    "Google Ads, hashed": "google",
}


def show_klaviyo(selection: Selection) -> None:
    """Show what Klaviyo can say itself, and hand over the segments to create and the properties to import."""
    consent = _CONSENT[_choice("Only who allows marketing by", list(_CONSENT), "consent")]
    given = st.file_uploader(
        "Ids of your account's metrics (YAML or JSON: `Placed Order: AbC123`). Without them the files are for reading.",
        type=["yaml", "yml", "json"],
        key="metric-ids",
    )
    place = service.open_workspace(frame.workspace_path())
    try:
        ids = service.names_from(given.getvalue().decode("utf-8-sig", "replace"), given.name) if given else {}
        export = partial(
            service.export_klaviyo,
            selection.run,
            place,
            ids,
            segmentation=selection.by,
            consent=cast(Any, consent),
            review_only=not ids,
        )
        made = export(profiles=False)
    except DiscoveryError as error:
        _fault(error)
        return
    said = [c.lost for s in made.segments for c in s.conditions]
    # What is lost by most of the conditions is said once, not in every row.
    common = [loss for loss in dict.fromkeys(x for lost in said for x in lost) if sum(loss in x for x in said) > _OFTEN]
    rows = [
        (
            s.name if n == 0 else "",
            count(s.customers) if n == 0 else "",
            headed(c.english),
            _WAYS.get(c.way, c.way),
            _but(c.lost, common),
        )
        for s in made.segments
        for n, c in enumerate(s.conditions)
    ]
    frame.table(pd.DataFrame(rows, columns=["Segment", "Selected", "Condition", "Klaviyo says it", "What is lost"]))
    for sentence in (*common, SELECTED):
        st.html(html.block(html.text(sentence, css="muted")))
    if made.properties:
        written = many(len(made.properties), "property", "properties")
        st.html(html.block(html.text(f"{written} must be imported before the segments are created. {UNREACHED}")))
    _download(lambda: export().files, "klaviyo", selection)


def show_sql(selection: Selection) -> None:
    """Hand over one query for each segment, in the words of a warehouse."""
    dialect = st.selectbox("For", list(service.DIALECTS), key="dialect", bind="query-params")
    _show_text(selection, "sql", dialect)


def show_members(selection: Selection) -> None:
    """Hand over the members of each segment who may be written to, and say how many were left out."""
    reader = _READERS[_choice("For", list(_READERS), "reader")]
    channel = _CONSENT[_choice("Only who allows marketing by", list(_CONSENT), "consent")]
    place = service.open_workspace(frame.workspace_path())
    export = partial(service.export_members, selection.run, place, reader, cast(Any, channel or None), selection.by)
    try:
        listed = _listed(
            str(place.path),
            repr((selection.run.id, selection.by, selection.segmentation.segments, reader, channel)),
            export,
        )
    except DiscoveryError as error:
        _fault(error)
        return
    rows = [(s.name, count(s.listed), count(s.without_consent), count(s.without_identifier)) for s in listed]
    columns = ["Segment", "On the list", "Without consent", "Without e-mail or phone"]
    frame.table(pd.DataFrame(rows, columns=columns), selection.segmentation.placed)
    _download(lambda: export().files, "members", selection)


def _show_text(selection: Selection, form: str, dialect: str = "duckdb") -> None:
    try:
        files = service.export_run(selection.run, form, dialect, selection.by)
    except DiscoveryError as error:
        _fault(error)
        return
    name = st.selectbox("File", list(files), key=f"file-{form}")
    st.code(files[name], language={"segment-json": "json", "hubspot": "json", "english": None}.get(form, form))
    _download(lambda: files, form, selection)


def _text_form(form: str) -> Callable[[Selection], None]:
    return lambda selection: _show_text(selection, form)


def _but(lost: tuple[str, ...], common: list[str]) -> str:
    return " ".join(loss for loss in lost if loss not in common)


def _choice(label: str, options: list[str], key: str) -> str:
    return st.radio(label, options, horizontal=True, key=key, bind="query-params")


def _fault(error: DiscoveryError) -> None:
    st.html(html.block(html.text(str(error), css="sd-fault")))


def _download(files: Callable[[], Mapping[str, str]], form: str, selection: Selection) -> None:
    """Hand over files that are made when they are asked for."""
    st.download_button(
        "Download the files",
        lambda: service.zipped(files()),
        f"{selection.run.id}-{selection.by}-{form}.zip",
        "application/zip",
        type="primary",
        on_click="ignore",
        key=f"download-{form}",
    )


@st.cache_data(max_entries=16, show_spinner="Counting ...")
def _listed(path: str, asked: str, _export: Callable[[], service.MemberExport]) -> tuple[service.ListedSegment, ...]:
    return _export().segments


#: What can be taken along, and what shows it.
FORMS: Mapping[str, Callable[[Selection], None]] = {
    "Klaviyo": show_klaviyo,
    "SQL": show_sql,
    "English": _text_form("english"),
    "YAML": _text_form("yaml"),
    "Members": show_members,
    "HubSpot": _text_form("hubspot"),
    "Nested JSON": _text_form("segment-json"),
}
