"""A whole workspace as one file, to take home, to keep as a backup and to load elsewhere."""
