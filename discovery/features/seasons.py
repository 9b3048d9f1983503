"""Seasons of a config: features of a store's own seasons, and built-in ones moved to other days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from discovery.core.errors import SettingError
from discovery.core.feature import Feature
from discovery.core.holidays import month_days, on_days_of
from discovery.features.vocabulary.terms import share_of_orders


def with_seasons(features: Iterable[Feature], seasons: Mapping[str, str]) -> tuple[Feature, ...]:
    """Return the features with the seasons of a config: what reads one of that name is moved, others are added.

    A season becomes the feature ``share_<name>``, the share of orders on its days.

    Parameters
    ----------
    features : iterable of Feature
        The catalogue.
    seasons : mapping
        Name to first and last day of the year, such as ``11-11 to 11-11``; it may run over New Year.

    Raises
    ------
    SettingError
        If a name is no identifier in lower case, or its days are none.

    Examples
    --------
    >>> [own] = with_seasons((), {"singles_day": "11-11 to 11-11"})
    >>> own.name, own.label, own.where
    ('share_singles_day', 'share of orders from 11-11 to 11-11', (('season', '=', '11-11 to 11-11'),))
    """
    for name, days in seasons.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name.startswith("last_"):
            raise SettingError(
                f"features.seasons must name seasons in small letters, digits and _, and not last_..., got {name!r}."
            )
        month_days(days)
    out = {f.name: _moved(f, seasons) for f in features}
    for name, days in seasons.items():
        own = _own(f"share_{name}", days)
        if out.setdefault(own.name, own).where != own.where:
            raise SettingError(f"features.seasons must not name {name}: {own.name} is another feature.")
    return tuple(out.values())


def _own(name: str, days: str) -> Feature:
    return share_of_orders(name, f"share of orders from {days}", "Season and time", (("season", "=", days),))


def _moved(feature: Feature, seasons: Mapping[str, str]) -> Feature:
    """Return the feature on the config's days, named so, where it reads a season of the config."""
    where = on_days_of(feature.where, seasons)
    if where == feature.where:
        return feature
    counted = "share of orders" if feature.aggregate == "share" else "orders"
    return replace(feature, label=f"{counted} from {str(where[0][2]).replace('_', ' ')}", where=where)
