"""The files of one run: a noun on one side, plain JSON and Parquet on the other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from discovery.core.documents import (
    beside_from,
    candidate_from,
    check_schema,
    evidence_from,
    feature_from,
    library_document,
    library_rule_from,
    merge_from,
    merge_path_from,
    plain,
    rule_document,
    rule_from,
    segment_from,
)
from discovery.core.errors import WorkspaceError
from discovery.core.run import SCHEMA_VERSION, Run
from discovery.core.segment import Segmentation, Structure
from discovery.store.feature_file import StoredTable, write_frame, write_frames, write_table

#: What a missing or damaged file or field is met as, in files of another release or of a copy that was cut short.
BROKEN = (LookupError, TypeError, ValueError, AttributeError, StopIteration, RuntimeError, OSError)


def read_run(folder: Path) -> Run:
    """Return the run whose files lie in `folder`: equal to the one written.

    Raises
    ------
    WorkspaceError
        If a file or a field is missing or damaged, as in a run of another release or of a copy that was cut short.
    """
    with whole_run(folder):
        return _read_run(folder)


@contextmanager
def whole_run(folder: Path) -> Iterator[None]:
    """Raise WorkspaceError where a file or a field of the run in `folder` is missing or damaged."""
    try:
        yield
    except BROKEN as error:
        raise WorkspaceError(
            f"Run {folder.name} is not whole, or another release made it: {error!r}. "
            "Make it again with `discovery run CONFIG --workspace FOLDER`, or restore it from a copy."
        ) from error


def _read_run(folder: Path) -> Run:
    document = read_document(folder / "run.json")
    table = _table(folder, document)
    segments = read_document(folder / "segments.json")["segments"]
    library = _document(folder / "library.json", {"rules": [], "beside": []})
    merge_path = _document(folder / "merge_path.json", {"paths": []})
    return Run(
        id=document["id"],
        question_asked=document["question_asked"],
        currency=document["currency"],
        horizon_days=document["horizon_days"],
        settings=document["settings"],
        table=table,
        segmentations=tuple(
            _segmentation(s, [x for x in segments if x["segmentation"] == s["name"]], folder, table.customers)
            for s in document["segmentations"]
        ),
        recommended=next(s["name"] for s in document["segmentations"] if s["recommended"]),
        recommended_reason=document["recommended_reason"],
        evidence=tuple(evidence_from(e) for e in read_document(folder / "evidence.json")["evidence"]),
        merges=tuple(merge_from(m) for m in read_document(folder / "merges.json")["merges"]),
        rules=tuple(rule_from(r) for r in read_document(folder / "rules.json")["rules"]),
        overlap=pd.read_parquet(folder / "overlap.parquet"),
        embedding=pd.read_parquet(folder / "embedding.parquet"),
        embedding_method=document["embedding_method"],
        library=tuple(library_rule_from(r) for r in library["rules"]),
        beside=tuple(beside_from(b) for b in library["beside"]),
        merge_paths=tuple(merge_path_from(p) for p in merge_path["paths"]),
        responses=_responses(folder / "responses.parquet", table.customers),
        problems=document["problems"],
        notes=tuple(document["notes"]),
        timings=document["made"]["timings"],
        versions=document["made"]["versions"],
    )


def write_run(run: Run, folder: Path) -> None:
    """Write the files of `run` into `folder`; equal runs give equal bytes but for ``made`` in run.json."""
    write_document(
        folder / "run.json",
        {
            "id": run.id,
            "as_of": run.as_of.isoformat(),
            "question_asked": run.question_asked,
            "currency": run.currency,
            "horizon_days": run.horizon_days,
            "seed": run.settings.get("seed"),
            "customers": len(run.table),
            "fingerprint": run.table.fingerprint,
            "settings": run.settings,
            "features": [plain(f) for f in run.table.features],
            "cutoffs": run.table.cutoffs,
            "segmentations": [_segmentation_document(s, s.name == run.recommended) for s in run.segmentations],
            "recommended_reason": run.recommended_reason,
            "embedding_method": run.embedding_method,
            "problems": run.problems,
            "notes": run.notes,
            "made": {"timings": run.timings, "versions": run.versions},
        },
    )
    segments = [{"segmentation": s.name, **plain(x)} for s in run.segmentations for x in s.segments]
    write_document(folder / "segments.json", {"segments": segments})
    write_document(folder / "evidence.json", {"evidence": run.evidence})
    write_document(folder / "merges.json", {"merges": run.merges})
    write_document(folder / "merge_path.json", {"paths": run.merge_paths})
    write_document(folder / "rules.json", {"rules": [rule_document(r) for r in run.rules]})
    library = {"rules": [library_document(r) for r in run.library], "beside": run.beside}
    write_document(folder / "library.json", library)
    write_table(run.table, folder / "features.parquet")
    write_frames((_assignments(s) for s in run.segmentations), folder / "assignments.parquet")
    write_frame(run.responses.rename_axis("customer_id").reset_index(), folder / "responses.parquet")
    write_frame(run.overlap, folder / "overlap.parquet")
    write_frame(run.embedding, folder / "embedding.parquet")


def _assignments(segmentation: Segmentation) -> pd.DataFrame:
    following = segmentation.next_labels
    return pd.DataFrame(
        {
            "customer_id": segmentation.labels.index,
            "segmentation": segmentation.name,
            "segment_id": segmentation.labels.to_numpy(),
            "strength": segmentation.strength.to_numpy(),
            "next_segment_id": "" if following is None else following.to_numpy(),
        }
    )


def _responses(path: Path, customers: pd.Index) -> pd.DataFrame:
    """Return what customers did after the date, empty in a run made before that was kept."""
    return _by_customer(pd.read_parquet(path), customers) if path.is_file() else pd.DataFrame()


def _by_customer(frame: pd.DataFrame, customers: pd.Index) -> pd.DataFrame:
    """Return a table by customer, with the index that all tables of the run share if it is the same."""
    own = frame.set_index("customer_id")
    return own.set_axis(customers) if own.index.equals(customers) else own


def _segmentation_document(segmentation: Segmentation, recommended: bool) -> Mapping[str, Any]:
    return {
        "name": segmentation.name,
        "k": segmentation.k,
        "structure": segmentation.structure.value,
        "structure_reason": segmentation.structure_reason,
        "coverage": segmentation.coverage,
        "unassigned_reason": segmentation.unassigned_reason,
        "recommended": recommended,
        "method": segmentation.method,
        "seed": segmentation.seed,
        "model": segmentation.model,
        "candidates": segmentation.candidates,
        "lineage": segmentation.lineage,
    }


def _segmentation(
    document: Mapping[str, Any], segments: list[dict[str, Any]], folder: Path, customers: pd.Index
) -> Segmentation:
    chosen = [("segmentation", "==", document["name"])]
    mine = _by_customer(pd.read_parquet(folder / "assignments.parquet", filters=chosen), customers)
    return Segmentation(
        name=document["name"],
        segments=tuple(segment_from(s) for s in segments),
        labels=mine["segment_id"].rename(None),
        strength=mine["strength"].rename(None),
        next_labels=_next(mine),
        method=document["method"],
        structure=Structure(document["structure"]),
        structure_reason=document["structure_reason"],
        unassigned_reason=document["unassigned_reason"],
        seed=document["seed"],
        model=document["model"],
        candidates=tuple(candidate_from(c) for c in document["candidates"]),
        lineage=tuple(document["lineage"]),
    )


def _next(assigned: pd.DataFrame) -> pd.Series | None:
    """Return where each customer would be next, if the segmentation knows: earlier releases wrote nothing of it."""
    if "next_segment_id" not in assigned or (assigned["next_segment_id"] == "").all():
        return None
    return assigned["next_segment_id"].rename(None)


def _table(folder: Path, document: Mapping[str, Any]) -> StoredTable:
    features = tuple(feature_from(f) for f in document["features"])
    cutoffs = {name: tuple(values) for name, values in document["cutoffs"].items()}
    as_of = date.fromisoformat(document["as_of"])
    return StoredTable(folder / "features.parquet", features, as_of, document["fingerprint"], cutoffs)


def _document(path: Path, missing: dict[str, Any]) -> dict[str, Any]:
    """Return a document that runs of earlier releases do not have: `missing` instead of it."""
    return read_document(path) if path.is_file() else missing


def read_document(path: Path) -> dict[str, Any]:
    """Return a JSON document of the workspace, its schema checked."""
    try:
        return check_schema(json.loads(path.read_text(encoding="utf-8")), path.name)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{path} is not readable as JSON: {error}. Make the run again.") from error


def write_document(path: Path, body: Mapping[str, Any]) -> None:
    """Write a JSON document with its schema version, down to the disk."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **plain(body)}, indent=1, ensure_ascii=False, allow_nan=False)
    with path.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
