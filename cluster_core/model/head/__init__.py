"""The head, which is the last layer: its arrays, settings and training."""
