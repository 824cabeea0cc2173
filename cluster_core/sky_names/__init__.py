"""Name the objects in a picture of the sky: catalogue, headers, and plate solving."""
