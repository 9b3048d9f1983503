"""What speed, memory and quality cost, beside the peers. Run with ``make bench``."""
