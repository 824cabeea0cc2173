"""Models: pretrained backbones, features, the trained head, bundles and predictions."""
