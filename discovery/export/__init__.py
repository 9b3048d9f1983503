"""Floor 2: rules as other systems and people read them."""

#: What the rules of a run can be written as; segments of Klaviyo and lists of members need more than rules.
FORMATS = ("yaml", "sql", "english", "hubspot", "segment-json")
