"""Where a run comes from: digests of settings and data, ids, versions, and how long each step took."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version

from discovery.core.dataset import Dataset
from discovery.core.documents import plain
from discovery.core.question import question_named
from discovery.core.settings import Settings
from discovery.ingest.stamps import file_stamps
from discovery.store import Config

_LIBRARIES = ("duckdb", "hdbscan", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "sqlglot", "statsmodels")


@dataclass
class Clock:
    """Seconds by step, for the one place in a Run that may differ between equal ones."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)


def origin_of(config: Config) -> str:
    """Return a digest of the source's settings and the size and time of its files: changed, it is read again."""
    stamps = file_stamps(config.settings.source, config.base)
    read = {"source": plain(config.settings.source), "places": plain(config.settings.places)}
    return digest({**read, "base": str(config.base)}, json.dumps(stamps))


def run_id(settings: Settings, dataset: Dataset, as_of: date) -> str:
    """Return the id of the run that these settings make of a dataset at a date."""
    question, _ = question_named(settings.question, "placed_order" in dataset.events_by_name)
    return f"{as_of}-{question.name}-{digest(settings_at(settings, as_of), dataset.fingerprint)}"


def settings_at(settings: Settings, as_of: date) -> dict[str, object]:
    """Return settings as plain values, with the date that was meant."""
    return {**plain(settings), "as_of": as_of.isoformat()}


def digest(settings: dict[str, object], data: str) -> str:
    """Return eight hex digits of settings, data and release; where the files lie does not count."""
    text = json.dumps([_placeless(settings), data, version("segment-discovery")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _placeless(value: object) -> object:
    """Return settings without their paths."""
    if isinstance(value, dict):
        return {k: _placeless(v) for k, v in value.items() if k != "path"}
    return [_placeless(v) for v in value] if isinstance(value, list) else value


def versions() -> dict[str, str]:
    """Return the versions of Python, of this release, and of the libraries that numbers depend on."""
    found = {name: version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "segment-discovery": version("segment-discovery"), **found}
