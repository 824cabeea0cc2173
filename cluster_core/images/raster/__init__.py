"""Decode everyday formats with Pillow, and check what it does not check itself."""
