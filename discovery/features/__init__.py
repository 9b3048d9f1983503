"""Floor 2: the vocabulary, and its values at a date."""
