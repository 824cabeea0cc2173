"""Queued trainings: the supervisor, its worker processes, and the protocol between them."""
