"""Training: its settings, one run from pictures to a model, and everything around it."""
