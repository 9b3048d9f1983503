"""Floor 2: from a table of numbers to groups of customers, and how far to believe them."""
