"""Train the backbone `sky` from scratch on simulated pictures; see docs/sky-backbone.md."""
