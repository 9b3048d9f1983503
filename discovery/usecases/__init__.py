"""Floor 3: one use case a module. Each composes stages; `discovery.service` is the door to all of them."""
