"""Components that several pages draw; each page has a folder for its own."""
