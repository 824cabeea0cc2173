"""Reports of an evaluation to hand on: one HTML page that opens offline, and JSON."""
