"""The camera: record many pictures of a class, and live answers."""
