"""Datasets as .zip files: checked as hostile input, unpacked, written."""
