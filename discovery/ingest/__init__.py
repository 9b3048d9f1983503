"""Floor 2: readers turn files into the canonical tables; the contract checks and keeps them."""
