"""Components of the Hyperparameters page."""
