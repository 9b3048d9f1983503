"""The vocabulary, family by family."""
