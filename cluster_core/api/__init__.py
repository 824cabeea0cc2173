"""The REST API: label pictures from other programs."""
