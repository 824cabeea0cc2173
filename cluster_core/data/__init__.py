"""Folders of pictures: what is in them, and how they are split."""
