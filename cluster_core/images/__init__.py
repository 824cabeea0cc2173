"""Any picture file to RGB."""
