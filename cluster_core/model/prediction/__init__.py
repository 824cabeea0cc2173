"""Label pictures: one or many, with answers as sentences or as a table."""
