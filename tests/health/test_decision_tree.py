"""The classification tree of the shortcuts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from cluster_core.health.decision_tree import MAX_DEPTH, MIN_IN_LEAF, grow_tree


@pytest.mark.parametrize("seed", range(5))
def test_tree_is_as_good_as_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(300, 3))
    classes = (rows[:, 0] > 0.3).astype(int) + (rows[:, 1] > 0.5)
    tree = grow_tree(rows, classes, 3)
    peer = DecisionTreeClassifier(max_depth=MAX_DEPTH, min_samples_leaf=MIN_IN_LEAF, random_state=0)
    peer.fit(rows, classes)
    asked = random.normal(size=(500, 3))
    assert (tree.predict(rows) == classes).mean() == pytest.approx(peer.score(rows, classes))
    assert (tree.predict(asked) == peer.predict(asked)).mean() > 0.95


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_equal_values_give_a_leaf(n):
    classes = np.arange(n) % 2
    tree = grow_tree(np.ones((n, 2)), classes, 2)
    assert tree.cut is None
    assert tree.predict(np.zeros((4, 2))).tolist() == [0] * 4
