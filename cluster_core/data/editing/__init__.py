"""Changes to the classes and pictures of a dataset, confined to the workspace."""
