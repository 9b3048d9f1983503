"""Floor 2: evidence about segments: size, distinctness, response, readiness, merges."""
