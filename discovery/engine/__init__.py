"""Floor 1: the only files that talk to a query engine, and the SQL they share."""
