"""Label many pictures quickly: a queue on disk, and the order in which pictures tell the most."""
