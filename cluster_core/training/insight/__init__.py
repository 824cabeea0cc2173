"""Analyse trainings: time estimates, previews, learning curves and changed settings."""
