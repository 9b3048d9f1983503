"""Floor 2: rules as other systems and people read them."""
