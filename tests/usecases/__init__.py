"""Use cases composed from the stages."""
