"""Evaluate the backbone and its starter head on real photos that they never saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import STARTER, load_shipped_record
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.starter import load_rehearsal
from pretraining.linear import Floats, Integers, LinearHead, fit_linear, score_balanced, sigmoid
from pretraining.photos import Photos, group_near_copies, load_photos, load_views

REPEATS, FOLDS = 10, 5
REHEARSAL = 1.0  # weight of all simulated clusters relative to all photos
OPEN_TEST_PHOTO = "1"  # the other test photo shows a globular cluster


@dataclass(frozen=True)
class Starter:
    """The shipped starter head and its backbone.

    Attributes
    ----------
    litert : Path
        The backbone as a LiteRT model.
    weights : ndarray of shape (n_features, 2)
        Weights of globular and open.
    bias : ndarray of shape (2,)
        Biases of globular and open.
    rehearsal : ndarray of shape (n_simulated, n_features)
        Features of simulated clusters that retrained heads rehearse.
    rehearsal_labels : ndarray of shape (n_simulated,)
        0 for globular, 1 for open.
    """

    litert: Path
    weights: Floats
    bias: Floats
    rehearsal: Floats
    rehearsal_labels: Integers

    @classmethod
    def load(cls, assets: Path) -> Starter:
        """Read the shipped files.

        Parameters
        ----------
        assets : Path
            Their folder.

        Returns
        -------
        Starter

        Raises
        ------
        BackboneError, BundleError
            If a file is missing or damaged.
        """
        head = load_bundle(assets / STARTER).head
        litert = load_shipped_record(SKY_BACKBONE, assets).litert_path
        return cls(litert, head.weights, head.bias, *load_rehearsal(assets))

    def features(self, views: Floats) -> Floats:
        """Compute the features of views.

        Parameters
        ----------
        views : ndarray of shape (..., 128, 128, 3), float32
            In -1 to 1; their number must be a multiple of 8.

        Returns
        -------
        ndarray of shape (..., n_features), float32
        """
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(self.litert), num_threads=2)
        input_index = interpreter.get_input_details()[0]["index"]
        output_index = interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(input_index, (8, *views.shape[-3:]))
        interpreter.allocate_tensors()
        features = []
        for picture in views.reshape(-1, 8, *views.shape[-3:]):
            interpreter.set_tensor(input_index, picture)
            interpreter.invoke()
            features.append(interpreter.get_tensor(output_index).copy())
        return np.concatenate(features).reshape(*views.shape[:-3], -1)

    def logit(self, features: Floats) -> Floats:
        """Return the log odds of an open cluster.

        Parameters
        ----------
        features : ndarray of shape (..., n_features)

        Returns
        -------
        ndarray of shape (...)
        """
        return (features @ self.weights + self.bias) @ np.array([-1.0, 1.0])


def measure_starter(assets: Path, folder: Path) -> dict[str, float]:
    """Evaluate the starter.

    Parameters
    ----------
    assets : Path
        Folder of the exported files.
    folder : Path
        Folder of the real photos, with `cluster_photos`, `messier_dev` and `test_photos`.

    Returns
    -------
    dict
        Balanced accuracies, and the score of the right class for each test photo.
    """
    starter = Starter.load(assets)
    web, messier = load_photos(folder / "cluster_photos"), load_photos(folder / "messier_dev")
    scores = _score_tiers("starter", messier, _score_open(starter, messier.views))
    scores["starter, cluster_photos"] = score_balanced(web.labels, _score_open(starter, web.views))
    for path in sorted((folder / "test_photos").iterdir()):
        score = float(_score_open(starter, load_views(path)[None])[0])
        right = score if path.stem == OPEN_TEST_PHOTO else 1.0 - score
        scores[f"starter, {path.name}: score of the right class"] = right
    return scores


def measure_retrained(assets: Path, folder: Path) -> dict[str, float]:
    """Evaluate heads trained on the web photos, on the Messier photos and in cross-validation.

    Parameters
    ----------
    assets : Path
        Folder of the exported files.
    folder : Path
        Folder of the real photos, with `cluster_photos` and `messier_dev`.

    Returns
    -------
    dict
        Balanced accuracies on the Messier photos; mean and standard deviation of the
        accuracies of repeated cross-validation on the web photos.
    """
    starter = Starter.load(assets)
    web, messier = load_photos(folder / "cluster_photos"), load_photos(folder / "messier_dev")
    web_features, messier_features = starter.features(web.views), starter.features(messier.views)
    heads = _train_heads(starter, web_features, web.labels)
    scores: dict[str, float] = {}
    for name, open_scores in _score_contenders(starter, *heads, messier_features).items():
        scores |= _score_tiers(name, messier, open_scores)
    return scores | _cross_validate(starter, web, web_features)


def _score_open(starter: Starter, views: Floats) -> Floats:
    """Return the starter's score of open for each picture, averaged over its views."""
    return sigmoid(starter.logit(starter.features(views))).mean(1)


def _score_tiers(name: str, photos: Photos, scores: Floats) -> dict[str, float]:
    tier_a = photos.tiers == "A"
    return {
        f"{name}, messier tier A": score_balanced(photos.labels[tier_a], scores[tier_a]),
        f"{name}, messier tiers A and B": score_balanced(photos.labels, scores),
    }


def _train_heads(
    starter: Starter, features: Floats, labels: Integers
) -> tuple[LinearHead, LinearHead]:
    """Fit a head on the photos' views alone, and another with rehearsal."""
    flat, repeated = features.reshape(-1, features.shape[-1]), np.repeat(labels, 8)
    both = np.concatenate([flat, starter.rehearsal])
    both_labels = np.concatenate([repeated, starter.rehearsal_labels])
    share = REHEARSAL * len(flat) / len(starter.rehearsal)
    weights = np.concatenate([np.ones(len(flat)), np.full(len(starter.rehearsal), share)])
    return fit_linear(flat, repeated), fit_linear(both, both_labels, penalty=300.0, weights=weights)


def _score_contenders(
    starter: Starter, alone: LinearHead, rehearsed: LinearHead, features: Floats
) -> dict[str, Floats]:
    """Return every contender's score of open for each picture."""
    own, prior = sigmoid(alone.logit(features)), sigmoid(starter.logit(features))
    return {
        "retrained alone": own.mean(1),
        "mean of starter and retrained": 0.5 * (own + prior).mean(1),
        "retrained with rehearsal": sigmoid(rehearsed.logit(features)).mean(1),
    }


def _cross_validate(starter: Starter, photos: Photos, features: Floats) -> dict[str, float]:
    """Run repeated 5-fold cross-validation with near-copies in the same fold."""
    groups = group_near_copies(photos)
    accuracies: dict[str, list[float]] = {}
    for repeat in range(REPEATS):
        shuffled = np.random.default_rng(repeat).permutation(len(groups))
        fold = shuffled[groups] % FOLDS
        scores: dict[str, Floats] = {}
        for held_out in range(FOLDS):
            train = fold != held_out
            heads = _train_heads(starter, features[train], photos.labels[train])
            for name, values in _score_contenders(starter, *heads, features[~train]).items():
                scores.setdefault(name, np.empty(len(groups)))[~train] = values
        for name, values in scores.items():
            is_right = (values > 0.5) == photos.labels
            accuracies.setdefault(name, []).append(float(is_right.mean()))
    summary = {}
    for name, repeats in accuracies.items():
        summary[f"{name}, 5-fold accuracy"] = float(np.mean(repeats))
        summary[f"{name}, 5-fold standard deviation"] = float(np.std(repeats))
    return summary
