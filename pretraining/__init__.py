"""From nothing to the weights of the backbone `sky`; see docs/sky-backbone.md."""
