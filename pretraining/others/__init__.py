"""Pictures of everything that is not a star cluster, for the starter model's novelty."""
