"""Components of the Classify page."""
