"""One thread for the numerical libraries: sums over several depend on timing, and on small arrays the others spin."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object, None]:
    """Return a context in which BLAS and OpenMP use one thread, so that the same seed gives the same labels."""
    limited: AbstractContextManager[object, None] = _pools().limit(limits=1)
    return limited


@cache
def _pools() -> ThreadpoolController:
    """Return what was found out about the libraries' threads; finding it out takes as long as a small fit."""
    return ThreadpoolController()
