"""Bottleneck features: the views of a picture, feature extraction and the feature cache."""
