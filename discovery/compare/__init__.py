"""Floor 2: two runs compared. Which segment became which, who moved, what drifted, what to do."""
