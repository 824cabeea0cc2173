"""Backbones, bottleneck features, heads, bundles, prediction and export."""
