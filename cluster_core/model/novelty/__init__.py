"""Whether a picture is like those that a model learned from: "none of these" if it is not."""

from cluster_core.model.novelty.detector import NoveltyDetector
from cluster_core.model.novelty.evidence import EvidencePrior
from cluster_core.model.novelty.fitting import KnownPictures, NoveltyPrior, fit_novelty

__all__ = ["EvidencePrior", "KnownPictures", "NoveltyDetector", "NoveltyPrior", "fit_novelty"]
