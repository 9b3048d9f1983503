"""What the simulated store sells: a ladder of prices in each category, and the discount codes."""

from __future__ import annotations

import numpy as np

from discovery.ingest.simulate.seasons import Floats, Ints

CATEGORIES = ("running shoes", "outerwear", "yoga", "camping", "skincare", "kitchen", "pet supplies", "toys")

_NOUNS = {
    "running shoes": "Laces,Insole,Training Sock,Road Shoe,Trail Shoe,Racing Shoe,Cushioned Shoe,Carbon Shoe",
    "outerwear": "Beanie,Gloves,Fleece,Rain Jacket,Down Vest,Parka,Ski Jacket,Expedition Coat",
    "yoga": "Strap,Block,Towel,Mat,Leggings,Bolster,Studio Set,Reformer",
    "camping": "Mug,Headlamp,Stove,Sleeping Pad,Backpack,Sleeping Bag,Tent,Family Tent",
    "skincare": "Soap,Lip Balm,Cleanser,Sunscreen,Serum,Night Cream,Treatment Set,Light Mask",
    "kitchen": "Spatula,Towel Set,Chef's Knife,Saucepan,Skillet,Casserole,Blender,Espresso Machine",
    "pet supplies": "Chew,Leash,Bowl,Bed,Carrier,Crate,Fountain,Smart Feeder",
    "toys": "Puzzle,Card Game,Plush,Board Game,Building Set,Train Set,Play Kitchen,Climbing Frame",
}
_SERIES = ("Basic", "Everyday", "Classic", "Plus", "Select", "Signature", "Pro", "Heritage")
_BRANDS = (
    *("Northfold", "Kestrel & Co", "Alder", "Lumen", "Marrow Bay", "Pinecrest"),
    *("Ostara", "Fieldnote", "Harrow", "Tidewell", "Juniper Lane", "Volta"),
)

RUNGS = 64
_LOWEST = 5.0
_STEP = np.log(1.09)  # the next dearer product of a category costs 9 % more

#: Product p is rung ``p % RUNGS`` of category ``p // RUNGS``.
PRODUCT_CATEGORY: Ints = np.repeat(np.arange(len(CATEGORIES)), RUNGS)
_RUNG = np.tile(np.arange(RUNGS), len(CATEGORIES))
PRICE_CENTS: Ints = 10 * np.rint(10 * _LOWEST * np.exp(_STEP * _RUNG)).astype(np.int64) - 1
PRODUCT_IDS = tuple(f"p{p:04d}" for p in range(PRODUCT_CATEGORY.size))
PRODUCT_NAMES = tuple(
    f"{_SERIES[rung % 8]} {_NOUNS[CATEGORIES[category]].split(',')[rung // 8]}"
    for category, rung in zip(PRODUCT_CATEGORY, _RUNG, strict=True)
)
BRANDS = _BRANDS
PRODUCT_BRAND: Ints = (3 * PRODUCT_CATEGORY + _RUNG % 4) % len(_BRANDS)

#: Discount codes and the share they take off.
CODES = {
    "WELCOME10": 0.10,
    "SAVE15": 0.15,
    "EXTRA20": 0.20,
    "BLACKFRIDAY25": 0.25,
    "HOLIDAY20": 0.20,
    "CAMPAIGN15": 0.15,
}
CODE_NAMES = tuple(CODES)
CODE_RATE: Floats = np.array(list(CODES.values()))


def product_at(category: Ints, price: Floats) -> Ints:
    """Return the product of each category whose list price is nearest to `price`, in currency units."""
    rung = np.rint(np.log(np.maximum(price, _LOWEST) / _LOWEST) / _STEP).astype(np.int64)
    product: Ints = category * RUNGS + np.minimum(rung, RUNGS - 1)
    return product


def pick_category(cumulative_mix: Floats, row: Ints, rng: np.random.Generator) -> Ints:
    """Return one category for each entry of `row`, drawn from that row of the cumulative category mix."""
    picked: Ints = (rng.random(row.size)[:, None] > cumulative_mix[row, :-1]).sum(axis=1)
    return picked
