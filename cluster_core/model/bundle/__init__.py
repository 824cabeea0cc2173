"""Trained models on disk: saved, loaded, listed, shared as .zip files."""
