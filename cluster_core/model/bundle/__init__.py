"""Trained models on disk: save, load, list, and share as .zip files."""
