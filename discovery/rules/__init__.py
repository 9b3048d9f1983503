"""Floor 2: the rule language, who a rule selects, and rules from clusters."""
