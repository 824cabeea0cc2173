"""How the backbone and its starter head do on real photos that they never saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster_core.model.backbones.shipped import load_sky_record
from cluster_core.model.bundle.bundle import load_bundle
from cluster_core.model.bundle.starter import STARTER, load_rehearsal
from pretraining.linear import Floats, LinearHead, fit_linear, score_balanced, sigmoid
from pretraining.photos import Photos, group_near_copies, load_photos, load_views

REPEATS, FOLDS = 10, 5
REHEARSAL = 1.0  # what the simulated sky weighs against the photos
OPEN_TEST_PHOTO = "1"  # the other one shows a globular


@dataclass(frozen=True)
class Starter:
    """The shipped head and the network below it.

    Attributes
    ----------
    litert : Path
        The backbone as LiteRT.
    weights : ndarray of shape (n_features, 2)
        Of globular and open.
    bias : ndarray of shape (2,)
        Of the same.
    rehearsal : ndarray of shape (n_simulated, n_features)
        Features of simulated clusters, for a retrained head not to forget them.
    rehearsal_labels : ndarray of shape (n_simulated,)
        0 for globular, 1 for open.
    """

    litert: Path
    weights: Floats
    bias: Floats
    rehearsal: Floats
    rehearsal_labels: Floats

    @classmethod
    def load(cls, assets: Path) -> Starter:
        """Read the assets."""
        head = load_bundle(assets / STARTER).head
        litert = load_sky_record(assets).litert_path
        return cls(litert, head.weights, head.bias, *load_rehearsal(assets))

    def features(self, views: Floats) -> Floats:
        """Return features of shape (..., n_features) of views of shape (..., 128, 128, 3)."""
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(self.litert), num_threads=2)
        place = interpreter.get_input_details()[0]["index"]
        result = interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(place, (8, *views.shape[-3:]))
        interpreter.allocate_tensors()
        rows = []
        for picture in views.reshape(-1, 8, *views.shape[-3:]):
            interpreter.set_tensor(place, picture)
            interpreter.invoke()
            rows.append(interpreter.get_tensor(result).copy())
        return np.concatenate(rows).reshape(*views.shape[:-3], -1)

    def logit(self, features: Floats) -> Floats:
        """Return log odds of an open cluster."""
        return (features @ self.weights + self.bias) @ np.array([-1.0, 1.0])


def measure_starter(assets: Path, folder: Path) -> dict[str, float]:
    """Return the starter's balanced accuracies, and its chances for the two test photos."""
    starter = Starter.load(assets)
    web, messier = load_photos(folder / "cluster_photos"), load_photos(folder / "messier_dev")
    scores = _score_tiers("starter", messier, _answer(starter, messier.views))
    scores["starter, cluster_photos"] = score_balanced(web.labels, _answer(starter, web.views))
    for path in sorted((folder / "test_photos").iterdir()):
        chance = float(_answer(starter, load_views(path)[None])[0])
        right = chance if path.stem == OPEN_TEST_PHOTO else 1.0 - chance
        scores[f"starter, {path.name}: chance of the right class"] = right
    return scores


def measure_retrained(assets: Path, folder: Path) -> dict[str, float]:
    """Return how heads taught on the web's photos do: on other people's, and on their own."""
    starter = Starter.load(assets)
    web, messier = load_photos(folder / "cluster_photos"), load_photos(folder / "messier_dev")
    web_features, messier_features = starter.features(web.views), starter.features(messier.views)
    heads = _teach(starter, web_features, web.labels)
    scores: dict[str, float] = {}
    for name, chance in _answers(starter, *heads, messier_features).items():
        scores |= _score_tiers(name, messier, chance)
    return scores | _cross_validate(starter, web, web_features)


def _answer(starter: Starter, views: Floats) -> Floats:
    """Return the starter's chances of an open cluster, the mean over each picture's views."""
    return sigmoid(starter.logit(starter.features(views))).mean(1)


def _score_tiers(name: str, photos: Photos, chance: Floats) -> dict[str, float]:
    tier_a = photos.tiers == "A"
    return {
        f"{name}, messier tier A": score_balanced(photos.labels[tier_a], chance[tier_a]),
        f"{name}, messier tiers A and B": score_balanced(photos.labels, chance),
    }


def _teach(starter: Starter, features: Floats, labels: Floats) -> tuple[LinearHead, LinearHead]:
    """Fit a head on the photos' views alone, and one that rehearses the simulated sky too."""
    flat, repeated = features.reshape(-1, features.shape[-1]), np.repeat(labels, 8)
    both = np.concatenate([flat, starter.rehearsal])
    known = np.concatenate([repeated, starter.rehearsal_labels])
    share = REHEARSAL * len(flat) / len(starter.rehearsal)
    weights = np.concatenate([np.ones(len(flat)), np.full(len(starter.rehearsal), share)])
    return fit_linear(flat, repeated), fit_linear(both, known, penalty=300.0, weights=weights)


def _answers(
    starter: Starter, alone: LinearHead, rehearsed: LinearHead, features: Floats
) -> dict[str, Floats]:
    own, prior = sigmoid(alone.logit(features)), sigmoid(starter.logit(features))
    return {
        "retrained alone": own.mean(1),
        "mean of starter and retrained": 0.5 * (own + prior).mean(1),
        "retrained with rehearsal": sigmoid(rehearsed.logit(features)).mean(1),
    }


def _cross_validate(starter: Starter, photos: Photos, features: Floats) -> dict[str, float]:
    """Return accuracies of repeated 5-fold cross-validation, near-copies kept together."""
    groups = group_near_copies(photos)
    right: dict[str, list[float]] = {}
    for repeat in range(REPEATS):
        shuffled = np.random.default_rng(repeat).permutation(len(groups))
        fold = shuffled[groups] % FOLDS
        chances: dict[str, Floats] = {}
        for held in range(FOLDS):
            train = fold != held
            heads = _teach(starter, features[train], photos.labels[train])
            for name, chance in _answers(starter, *heads, features[~train]).items():
                chances.setdefault(name, np.empty(len(groups)))[~train] = chance
        for name, chance in chances.items():
            said = (chance > 0.5) == photos.labels
            right.setdefault(name, []).append(float(said.mean()))
    scores = {}
    for name, values in right.items():
        scores[f"{name}, 5-fold accuracy"] = float(np.mean(values))
        scores[f"{name}, 5-fold spread"] = float(np.std(values))
    return scores
