"""The last layer: its arrays, its settings and its training."""
