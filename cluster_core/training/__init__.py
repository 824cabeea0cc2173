"""One training: its settings, its events, its orchestration."""
