"""Klaviyo's segment definitions: strict models, the payloads that carry them, and sending those."""
