from __future__ import annotations

import numpy as np
import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.explanation.similar import SimilaritySearch, SimilarPicture, choose_suspect
from cluster_core.storage.cache_file import CacheFile


@pytest.fixture
def pictures(photos, workspace):
    with CacheFile(workspace.bottlenecks) as cache:
        return scan_dataset(photos, cache).pictures[:12]


@pytest.fixture
def search(pictures, workspace):
    return SimilaritySearch(load_bundle(ASSETS / STARTER), pictures, workspace)


def test_training_picture_is_most_similar_to_itself_even_turned(search, pictures):
    preprocessing = load_bundle(ASSETS / STARTER).preprocessing
    for wanted in pictures[:3]:
        seen = preprocessing.decode(wanted.path.read_bytes(), wanted.path.name)
        for picture in (seen, np.rot90(seen)):
            found = search.find(picture)
            assert found[0].picture == wanted
            assert found[0].similarity == pytest.approx(1, abs=1e-3)
            values = [one.similarity for one in found]
            assert len(found) == 5
            assert values == sorted(values, reverse=True)
            assert all(0 <= value <= 1 for value in values)


def test_search_among_few_pictures_returns_all(pictures, workspace):
    search = SimilaritySearch(load_bundle(ASSETS / STARTER), pictures[:1], workspace)
    (found,) = search.find(np.zeros((128, 128, 3), np.uint8))
    assert found.picture == pictures[0]
    assert found.similarity == 0  # a single picture has no direction from the mean


def test_suspect_is_the_most_similar_with_the_label_of_the_answer(pictures):
    similar = [SimilarPicture(picture, 0.5) for picture in pictures]
    assert choose_suspect(similar, pictures[0].label) == similar[0]
    assert choose_suspect(similar, "no such class") is None
