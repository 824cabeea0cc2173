"""Import and export of datasets as .zip files, which are treated as hostile input."""
