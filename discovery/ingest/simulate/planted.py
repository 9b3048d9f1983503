"""The planted customer types, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from discovery.ingest.simulate.catalogue import CATEGORIES


@dataclass(frozen=True)
class CustomerType:
    """How the customers of one type differ from each other and from the other types.

    Pairs of a rate are its mean per year and the shape of its gamma distribution; pairs of a share are its mean
    and the size of its beta distribution (the two parameters added up). A small shape or size means that
    customers of one type differ much.

    Parameters
    ----------
    name, description : str
        What it is called, and what it is in words.
    share : float
        Of all customers.
    orders, dropout, sessions : (float, float)
        Orders while active, leaving for good, visits without an order: rates per year.
    value : (float, float, float)
        Median list value of an order; deviation of its logarithm between customers, and within one customer.
    discounted, weekend, season, refunded, opened, clicked : (float, float)
        Share of orders with a code, at weekends, moved to a holiday peak, sent back; of messages opened, clicked.
    answers : float
        Multiplies what each campaign does to the chance of an order.
    lines : float
        Mean lines of an order beyond the first.
    prospect : float
        Share that never orders of its own accord.
    categories : tuple of float
        Mean share of each category.
    focus : float
        Size of the Dirichlet distribution around `categories`.
    """

    name: str
    description: str
    share: float
    orders: tuple[float, float]
    dropout: tuple[float, float]
    sessions: tuple[float, float]
    value: tuple[float, float, float]
    discounted: tuple[float, float]
    weekend: tuple[float, float]
    season: tuple[float, float]
    refunded: tuple[float, float]
    opened: tuple[float, float]
    clicked: tuple[float, float]
    answers: float
    lines: float
    prospect: float
    categories: tuple[float, ...]
    focus: float

    def __post_init__(self) -> None:
        if len(self.categories) != len(CATEGORIES) or abs(sum(self.categories) - 1) > 1e-9:
            raise ValueError(f"Type {self.name}: categories must be {len(CATEGORIES)} shares that add up to 1.")


def _twin(name: str, description: str, weekend: float, categories: tuple[float, ...]) -> CustomerType:
    """Return one of two types that differ only in what they like, and so should be merged."""
    return CustomerType(
        name=name,
        description=description,
        share=0.15,
        orders=(2.6, 1.3),
        dropout=(0.8, 1.5),
        sessions=(7, 2.0),
        value=(50, 0.36, 0.40),
        discounted=(0.28, 6),
        weekend=(weekend, 10),
        season=(0.10, 12),
        refunded=(0.06, 20),
        opened=(0.40, 8),
        clicked=(0.055, 25),
        answers=1.2,
        lines=0.9,
        prospect=0.15,
        categories=categories,
        focus=24,
    )


#                    running outer  yoga  camp  skin  kitch  pets  toys
_MIXES = {
    "regulars": (0.20, 0.05, 0.22, 0.04, 0.28, 0.06, 0.10, 0.05),
    "bargain": (0.24, 0.20, 0.14, 0.04, 0.08, 0.08, 0.04, 0.18),
    "gifts": (0.03, 0.10, 0.06, 0.05, 0.26, 0.20, 0.02, 0.28),
    "bigticket": (0.10, 0.30, 0.03, 0.26, 0.03, 0.23, 0.03, 0.02),
    "home": (0.02, 0.03, 0.10, 0.02, 0.17, 0.36, 0.25, 0.05),
    "trail": (0.30, 0.22, 0.10, 0.27, 0.04, 0.02, 0.03, 0.02),
    "silent": (0.10, 0.16, 0.03, 0.14, 0.04, 0.08, 0.22, 0.23),
}

TYPES: tuple[CustomerType, ...] = (
    CustomerType(
        name="regulars",
        description="Order often and for long, mostly at full price; skincare, yoga and running.",
        share=0.15,
        orders=(6.0, 2.0),
        dropout=(0.30, 2.0),
        sessions=(8, 2.0),
        value=(44, 0.36, 0.40),
        discounted=(0.14, 8),
        weekend=(0.24, 12),
        season=(0.06, 14),
        refunded=(0.04, 25),
        opened=(0.45, 8),
        clicked=(0.05, 25),
        answers=0.7,
        lines=1.3,
        prospect=0.06,
        categories=_MIXES["regulars"],
        focus=24,
    ),
    CustomerType(
        name="bargain",
        description="Order when there is a code, look around much, and click on offers.",
        share=0.15,
        orders=(3.8, 1.5),
        dropout=(0.55, 1.5),
        sessions=(12, 2.0),
        value=(34, 0.34, 0.40),
        discounted=(0.68, 8),
        weekend=(0.30, 10),
        season=(0.16, 10),
        refunded=(0.09, 15),
        opened=(0.50, 8),
        clicked=(0.11, 20),
        answers=2.0,
        lines=0.7,
        prospect=0.13,
        categories=_MIXES["bargain"],
        focus=24,
    ),
    CustomerType(
        name="gifts",
        description="Order presents before the holidays, at weekends, and little in between.",
        share=0.13,
        orders=(2.0, 2.0),
        dropout=(0.50, 1.5),
        sessions=(4, 2.0),
        value=(64, 0.36, 0.40),
        discounted=(0.36, 7),
        weekend=(0.46, 10),
        season=(0.70, 10),
        refunded=(0.11, 15),
        opened=(0.32, 8),
        clicked=(0.04, 25),
        answers=0.9,
        lines=1.6,
        prospect=0.12,
        categories=_MIXES["gifts"],
        focus=24,
    ),
    CustomerType(
        name="bigticket",
        description="Order seldom and dear, send much back, and read before they buy.",
        share=0.12,
        orders=(1.6, 2.0),
        dropout=(0.60, 1.5),
        sessions=(10, 2.0),
        value=(118, 0.42, 0.45),
        discounted=(0.14, 8),
        weekend=(0.28, 10),
        season=(0.12, 10),
        refunded=(0.20, 12),
        opened=(0.35, 8),
        clicked=(0.035, 25),
        answers=0.4,
        lines=0.4,
        prospect=0.20,
        categories=_MIXES["bigticket"],
        focus=24,
    ),
    _twin(
        "home",
        "Furnish kitchen and bathroom at a middling pace; answer campaigns just as trail does.",
        0.36,
        _MIXES["home"],
    ),
    _twin(
        "trail",
        "Kit out for the outdoors at a middling pace; answer campaigns just as home does.",
        0.26,
        _MIXES["trail"],
    ),
    CustomerType(
        name="silent",
        description="Order once or twice and leave; read little and never answer a campaign.",
        share=0.15,
        orders=(1.3, 1.5),
        dropout=(1.6, 1.5),
        sessions=(2.0, 1.5),
        value=(46, 0.35, 0.45),
        discounted=(0.30, 6),
        weekend=(0.30, 8),
        season=(0.20, 8),
        refunded=(0.06, 20),
        opened=(0.16, 8),
        clicked=(0.0, 25),
        answers=0.0,
        lines=0.5,
        prospect=0.10,
        categories=_MIXES["silent"],
        focus=20,
    ),
)

#: The two types that answer every campaign alike, and the one that never answers.
ALIKE = ("home", "trail")
NEVER_ANSWERS = "silent"
CHANGE_SHARE = 0.065  # of those who were customers before the change: about 5 % of all
