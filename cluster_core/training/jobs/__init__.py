"""Queued trainings: the supervisor, its worker processes, and what passes between them."""
