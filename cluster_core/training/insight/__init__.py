"""What can be said about a training: time estimates, previews, curves, differences."""
