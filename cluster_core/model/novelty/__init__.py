"""Whether a picture is like those that a model learned from: "none of these" if it is not."""

from cluster_core.model.novelty.detector import NoveltyDetector
from cluster_core.model.novelty.fitting import fit_novelty

__all__ = ["NoveltyDetector", "fit_novelty"]
