"""Bottleneck features: the views of a picture, their extraction and their cache."""
