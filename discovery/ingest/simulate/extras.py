"""What only some stores know: wishes, visits by companies, and further answers.

Drawn last and from a chance of its own, so that everything else of a seed stays as it is without it.
"""

from __future__ import annotations

import numpy as np

from discovery.ingest.simulate.catalogue import pick_category, product_at
from discovery.ingest.simulate.contacts import Contacts
from discovery.ingest.simulate.population import Population
from discovery.ingest.simulate.rows import CHANNELS, NONE, Columns, Rows
from discovery.ingest.simulate.seasons import END, MINUTE, Ints, between

#: Text answers, and how they are spread; Klaviyo predicts the gender from the first name, the form asks the others.
MORE_ANSWERS: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "persona": (("outdoor", "home", "wellness", "gift giver"), (0.40, 0.25, 0.20, 0.15)),
    "occupation": (("employed", "self-employed", "student", "teacher", "retired"), (0.55, 0.15, 0.12, 0.08, 0.10)),
    "marital_status": (("single", "married", "partnered", "divorced"), (0.34, 0.42, 0.16, 0.08)),
    "predicted_gender": (("likely_female", "likely_male", "uncertain"), (0.48, 0.37, 0.15)),
}
_ANSWERED = {"persona": 0.8, "occupation": 0.35, "marital_status": 0.35}  # share of those who filled in the form
_WISHES = 0.03  # of the visits without an order
_COMPANIES = 0.03
_PRICING_VISITS = 4.0
_CASE_STUDIES = 1.0


def add_extra_events(
    rows: Rows, population: Population, contacts: Contacts, spell: Ints, at: Ints, rng: np.random.Generator
) -> None:
    """Add wishes made on visits without an order (`spell`, `at`), and what companies look at, to `rows`."""
    web, nature = CHANNELS.index("web"), population.nature
    wished = np.flatnonzero(rng.random(spell.size) < _WISHES)
    spell, at = spell[wished], at[wished] + (10 * rng.random(wished.size) * MINUTE).astype(np.int64)
    price = np.exp(nature.log_value[spell] + 0.6 * rng.standard_normal(spell.size))
    product = product_at(pick_category(nature.mix, spell, rng), price)
    customer = population.customer[spell]
    rows.add("added_to_wishlist", customer, at, product=product, channel=web, device=contacts.device[customer])

    companies = np.flatnonzero(rng.random(population.customers) < _COMPANIES)
    for event, expected in (("visited_pricing", _PRICING_VISITS), ("downloaded_case_study", _CASE_STUDIES)):
        who = np.repeat(companies, rng.poisson(expected, companies.size))
        moment = between(population.created[who], np.full(who.size, END), rng)
        rows.add(event, who, moment, channel=web, device=contacts.device[who])


def draw_extra_answers(filled: Ints, rng: np.random.Generator) -> Columns:
    """Return further profile columns, texts as codes and -1 for missing; `filled` is -1 for whoever saw no form."""
    columns: Columns = {}
    for name, (texts, spread) in MORE_ANSWERS.items():
        answer = rng.choice(len(texts), size=filled.size, p=spread)
        said = (filled != NONE) & (rng.random(filled.size) < _ANSWERED[name]) if name in _ANSWERED else True
        columns[name] = np.where(said, answer, NONE)
    return columns
