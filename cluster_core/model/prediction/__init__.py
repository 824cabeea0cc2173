"""Predictions: for one picture or many, in words or as a table."""
