"""Floor 4: the command line by subject, and what it shows on a terminal; `discovery.cli` puts them together."""
