"""Pictures from the web: from public servers only, within limits of size and time."""
