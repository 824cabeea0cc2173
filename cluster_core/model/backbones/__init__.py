"""Pretrained networks: their registry, weights, conversion to LiteRT, and inference."""
