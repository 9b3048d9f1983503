"""Charts: a value becomes tidy data, tidy data becomes a figure. Nothing here is computed twice or read from disk."""
