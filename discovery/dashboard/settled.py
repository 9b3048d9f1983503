"""What all pages need, loaded while the first one is looked at."""

from __future__ import annotations

import atexit
import gc
from importlib import import_module
from pkgutil import iter_modules

from discovery import charts, dashboard, report, service


def settle() -> None:
    """Load what the other pages need, and spare them looking for garbage among what stays for good."""
    for package in (charts, dashboard, report):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            if not module.ispkg:
                import_module(module.name)
    for name in service.__all__:
        getattr(service, name)
    service.warm_up()
    # Streamlit collects garbage after every click, which took longer than the page where half a million objects stay.
    gc.collect()
    gc.freeze()
    # Or the engine's binding would take what is left at the end for a leak, and say so.
    atexit.register(gc.unfreeze)
