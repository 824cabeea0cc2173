"""Tests with real ImageNet weights and real photos, if these are available."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.images import read_bytes
from cluster_core.model.backbones.conversion import prepare_backbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing, to_unit_range
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import PLAIN_VIEWS
from cluster_core.model.head.examples import Examples
from cluster_core.model.head.settings import HeadSettings
from cluster_core.model.head.training import fit_head
from cluster_core.storage.cache_file import CacheFile
from tests.samples import SHARED, needs_shared

pytestmark = needs_shared

SPEC = get_backbone("mobilenet_0.50_224")
WEIGHTS = SHARED / "weights" / "mobilenet_0.50_224_no_top.weights.h5"
PHOTOS = SHARED / "photos" / "cluster_photos"
N_FOLDS = 5


@pytest.fixture(scope="module")
def mobilenet(tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    shutil.copy(WEIGHTS, models)
    return prepare_backbone(SPEC, models, models / "backbones")


@pytest.fixture(scope="module")
def examples(mobilenet, tmp_path_factory) -> Examples:
    """Bottleneck features of all photos."""
    preprocessing = Preprocessing(SPEC.input_size_px)
    with CacheFile(tmp_path_factory.mktemp("cache")) as file:
        index = scan_dataset(PHOTOS, file)
        cache = BottleneckCache(file, mobilenet, preprocessing)
        source = BottleneckSource(load_extractor(mobilenet), preprocessing, cache)
        features = source.compute(index.pictures, PLAIN_VIEWS)
    assert index.rejected == ()
    assert list(index.counts.values()) == [60, 94]
    classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
    return Examples(features, classes, 2)


def test_features_match_keras_mobilenet(mobilenet):
    network = keras.applications.MobileNet(
        input_shape=(224, 224, 3), alpha=0.5, include_top=False, pooling="avg", weights=None
    )
    network.load_weights(WEIGHTS)
    paths: list[Path] = sorted(PHOTOS.rglob("*.jpg"))[::10]
    preprocessing = Preprocessing(SPEC.input_size_px)
    pictures = np.stack([preprocessing.decode(read_bytes(path), path.name) for path in paths])
    expected = network(to_unit_range(pictures)).numpy()
    found = load_extractor(mobilenet).extract(list(pictures))
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()
    for one, other in zip(found, expected, strict=True):
        assert np.corrcoef(one, other)[0, 1] >= 0.999


def assign_folds(classes: np.ndarray, seed: int) -> np.ndarray:
    """Return the fold of each picture, with every class spread over all folds."""
    random = np.random.default_rng(seed)
    folds = np.empty(len(classes), int)
    for label in np.unique(classes):
        members = random.permutation(np.flatnonzero(classes == label))
        folds[members] = np.arange(len(members)) % N_FOLDS
    return folds


def test_linear_head_reaches_expected_accuracy_on_cluster_photos(examples):
    # With many more repeats these weights reached 0.90.
    settings = HeadSettings(
        how_many_training_steps=500, early_stopping=False, eval_step_interval=500
    )
    n_right = n = 0
    for seed in range(3):
        folds = assign_folds(examples.classes, seed)
        for fold in range(N_FOLDS):
            is_held_out, is_training = folds == fold, folds != fold
            training = Examples(examples.features[is_training], examples.classes[is_training], 2)
            head = fit_head(training, None, settings).head
            answers = head.compute_scores(examples.features[is_held_out]).argmax(axis=1)
            n_right += int((answers == examples.classes[is_held_out]).sum())
            n += int(is_held_out.sum())
    assert n == 3 * 154
    assert n_right / n >= 0.86
