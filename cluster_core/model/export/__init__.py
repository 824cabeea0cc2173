"""Export trained models for other programs."""
