"""Damage everything the program reads, and check that it answers with a value or a sentence."""
