"""Changes to a dataset: its classes, its pictures, and which paths may be touched."""
