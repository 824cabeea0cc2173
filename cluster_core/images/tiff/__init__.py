"""Decode TIFF layouts that Pillow refuses or gets wrong."""
