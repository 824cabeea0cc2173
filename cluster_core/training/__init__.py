"""Train models: settings, one training from pictures to a model, its queue and its records."""
