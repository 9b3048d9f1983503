"""Floor 0: the values and nothing else."""
