"""Sort picture files into folders by what a model says, with a log that takes it back."""
