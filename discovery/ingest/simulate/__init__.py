"""A simulated store with planted truth: the project's demo, and the yardstick its methods are measured with."""

from __future__ import annotations

from discovery.ingest.simulate.store import simulate

__all__ = ["simulate"]
