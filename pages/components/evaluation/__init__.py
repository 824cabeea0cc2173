"""Components of the Evaluation page."""
