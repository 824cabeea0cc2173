"""Pictures and answers of a visitor, kept on disk for a while, and what can be done with them."""
