"""Why a model answers as it does: a heat map over the picture, and similar training pictures."""
