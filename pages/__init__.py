"""What a person sees; thin, no learning code."""
