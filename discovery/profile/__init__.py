"""Floor 2: what a segment looks like in real units, and what to call it."""
