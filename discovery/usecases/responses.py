"""Responses composed from the stages: what customers did after the date and about campaigns, or say they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from discovery.core.dataset import Dataset
from discovery.core.feature import Feature, FeatureTable
from discovery.core.places import by_customer, places
from discovery.core.question import BusinessQuestion
from discovery.core.settings import Settings
from discovery.engine.query import QueryEngine
from discovery.features.campaigns import campaign_answers
from discovery.features.extract import extract
from discovery.features.forward import forward_features, yes_or_no
from discovery.validate.campaigns import Campaigns
from discovery.validate.outcome import ForwardWindow


@dataclass(frozen=True, eq=False)
class Responses:
    """What segments are judged by: what customers did after the date, and about each campaign."""

    forward: ForwardWindow
    campaigns: Campaigns


def responses_at(
    engine: QueryEngine,
    dataset: Dataset,
    table: FeatureTable,
    question: BusinessQuestion,
    stated: Feature | None,
    settings: Settings,
) -> Responses:
    """Return the responses of the customers of a table.

    `stated` is the property that is the response, where the config names one.
    """
    return Responses(
        _forward_window(engine, dataset, table, question, stated, settings),
        _campaigns(engine, dataset, table, settings),
    )


def _forward_window(
    engine: QueryEngine,
    dataset: Dataset,
    table: FeatureTable,
    question: BusinessQuestion,
    stated: Feature | None,
    settings: Settings,
) -> ForwardWindow:
    """Return what each customer of the table did in the days from ``as_of`` on, as far as the data reach."""
    index, asked = table.customers, settings.response
    days = min(settings.validate.horizon_days, (dataset.data_end - table.as_of).days)
    if days < settings.validate.min_horizon_days or not dataset.events:
        days = 0
    responses = pd.DataFrame({"ordered": False, "revenue": 0.0, "clicked": False, "stated": False}, index=index)
    if days:
        features = forward_features(days, asked.event)
        later = extract(engine, dataset, features, table.as_of + timedelta(days=days))
        responses["ordered"] = by_customer(later.column("forward_orders"), index, np.nan) > 0
        responses["revenue"] = by_customer(later.column("forward_revenue").fillna(0.0), index, 0.0)
        responses["clicked"] = by_customer(later.column("forward_clicks"), index, np.nan) > 0
        if asked.event:
            responses["stated"] = by_customer(later.column("forward_stated"), index, np.nan) > 0
    if stated:
        answers = extract(engine, dataset, (stated,), table.as_of).column(stated.name)
        responses["stated"] = by_customer(yes_or_no(stated, answers), index, False)
    name = asked.event or asked.property
    return ForwardWindow(days, responses, question.outcome, dataset.currency, name, dated=stated is None)


def _campaigns(engine: QueryEngine, dataset: Dataset, table: FeatureTable, settings: Settings) -> Campaigns:
    """Return what came of the campaigns of the forward window; where it holds none, of those just before the date."""
    span, asked = timedelta(days=settings.validate.horizon_days), settings.response

    def begun(start: date) -> pd.DataFrame:
        return campaign_answers(engine, dataset, start, start + span, asked.attribution_days, asked.event)

    after = begun(table.as_of)
    judged = len(after) > 0
    answers = after if judged else begun(table.as_of - span)
    # Each customer has a row for every campaign: by their place among all they are found faster than by id.
    at = places(pd.Index(answers["customer_id"]), table.customers)
    answers["customer_id"] = pd.Categorical.from_codes(at, table.customers)
    return Campaigns(answers, asked.attribution_days, judged, dataset.currency, asked.event)
