"""A Review as a plain JSON document, and back: its numbers, the same for every reader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import pandas as pd

from discovery.core.documents import Document, evidence_from, plain
from discovery.core.review import Action, Identity, Movement, Review, SegmentReview

#: The tables of a review: files of their own, as they may hold a row for every customer.
TABLES = ("customers", "drift", "rates")
_TUPLES = ("flows", "summary", "notes")


def review_document(review: Review) -> Document:
    """Return a review without its tables, as it stands in ``review.json``."""
    left_out = (*TABLES, "movement")
    out = {f.name: plain(getattr(review, f.name)) for f in fields(Review) if f.name not in left_out}
    moved = review.movement
    counts = {name: _matrix(getattr(moved, name)) for name in ("fresh", "frozen")}
    return {**out, "movement": {**vars(moved), **counts}}


def whole_document(review: Review) -> Document:
    """Return a review with drift and rates, for other programs; who was where stays in ``customers.parquet``."""
    return {**review_document(review), "drift": _rows(review.drift), "rates": _rows(review.rates)}


def review_from(document: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> Review:
    """Return the review of a document and its tables; what else stands in the document is left alone."""
    values = {f.name: document[f.name] for f in fields(Review) if f.name in document}
    moved = document["movement"]
    return Review(
        **{
            **values,
            **{name: tuple(values[name]) for name in _TUPLES},
            "as_of_before": date.fromisoformat(values["as_of_before"]),
            "as_of_now": date.fromisoformat(values["as_of_now"]),
            "segments": tuple(_segment(s) for s in values["segments"]),
            "identity": _identity(values["identity"]),
            "movement": Movement(**{**moved, **{n: _frame(moved[n]) for n in ("fresh", "frozen")}}),
            **tables,
        }
    )


def _segment(document: Document) -> SegmentReview:
    return SegmentReview(
        **{
            **document,
            "action": Action(document["action"]),
            "response": evidence_from(document["response"]),
            "since": date.fromisoformat(document["since"]),
            "merge_with": tuple(document["merge_with"]),
        }
    )


def _identity(document: Document) -> Identity:
    parts = {name: {i: tuple(ids) for i, ids in document[name].items()} for name in ("split", "merged")}
    return Identity(document["same"], tuple(document["born"]), tuple(document["died"]), **parts)


def _matrix(frame: pd.DataFrame) -> Document:
    return {"before": list(frame.index), "now": list(frame.columns), "customers": frame.to_numpy().tolist()}


def _frame(document: Document) -> pd.DataFrame:
    rows, columns = (pd.Index(document[name], dtype="str", name=name) for name in ("before", "now"))
    return pd.DataFrame(document["customers"], index=rows, columns=columns, dtype="int64")


def _rows(frame: pd.DataFrame) -> list[Document]:
    """Return a table as one mapping per row, missing numbers as null."""
    rows = frame.to_dict("records")
    return [{str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]
