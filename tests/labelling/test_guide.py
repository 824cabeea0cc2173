from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from cluster_core.labelling import guide as guide_module
from cluster_core.labelling.features import FeatureTable
from cluster_core.labelling.guide import Guide, obtain_guide, stop_guides
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.model.features.extraction import BottleneckSource
from tests.labelling.samples import (
    CLASSES,
    as_class,
    draw_files,
    fill,
    find_true_class,
    make_queue,
    wait_until,
    wait_until_examined,
)
from tests.samples import OWNER


@pytest.fixture(autouse=True)
def stopped_guides(monkeypatch):
    monkeypatch.setattr(guide_module, "_LOOK_EVERY_S", 0.05)
    yield
    stop_guides()


def examine(workspace, queue) -> Guide:
    guide = obtain_guide(workspace, queue.id)
    wait_until_examined(guide, len(queue.pictures))
    return guide


def test_pictures_are_examined_and_labels_learned(workspace):
    queue = make_queue(workspace, draw_files(12))
    guide = examine(workspace, queue)
    for _ in range(20):
        sha256 = guide.pick(queue, "tab")
        queue.decide(OWNER, sha256, as_class(find_true_class(queue, sha256)))
        guide.notice()
    wait_until(lambda: len(guide.state.advice.ranking) == 4 and guide.state.advice.curve)
    guesses = guide.state.advice.guesses
    assert all(guesses[one][0] == find_true_class(queue, one) for one in queue.pictures)
    assert guide.state.advice.curve[-1].n_labels == 20


def test_two_tabs_get_different_pictures_and_keep_theirs(workspace):
    queue = make_queue(workspace, draw_files(2))
    guide = examine(workspace, queue)
    first, second = guide.pick(queue, "one"), guide.pick(queue, "two")
    assert first != second
    assert guide.pick(queue, "one", first) == first
    assert guide.list_other_tabs("one") == {"two"}
    queue.decide(OWNER, first, as_class(CLASSES[0], "one"))
    assert guide.pick(queue, "one", first) not in (first, second)


def test_last_picture_is_shown_in_both_tabs_and_then_none(workspace):
    queue = make_queue(workspace, draw_files(1)[:1])
    guide = examine(workspace, queue)
    (only,) = queue.pictures
    assert guide.pick(queue, "one") == guide.pick(queue, "two") == only
    queue.decide(OWNER, only, Decision(Verdict.NONE, None, "one"))
    assert guide.pick(queue, "two", only) is None


def test_unreadable_and_vanished_pictures_can_still_be_decided(workspace):
    queue = make_queue(workspace, draw_files(3))
    broken, gone, *_ = queue.pictures
    queue.find_file(broken).write_bytes(b"broken")
    queue.find_file(gone).unlink()
    guide = examine(workspace, queue)
    assert guide.state.problem == ""
    assert not {broken, gone} & set(guide.state.advice.ranking)
    picked = set()
    for _ in range(6):
        sha256 = guide.pick(queue, "tab")
        queue.decide(OWNER, sha256, Decision(Verdict.SKIP, None, "tab"))
        picked.add(sha256)
    assert picked == set(queue.pictures)


def test_picture_with_features_that_are_not_finite_is_ranked_by_nothing(workspace, monkeypatch):
    queue = make_queue(workspace, draw_files(2))
    bad = next(iter(queue.pictures))
    extract = BottleneckSource._extract

    def spoil(self, task):
        if task[0].sha256 != bad:
            return extract(self, task)
        from cluster_core.errors import RunError

        raise RunError("The network computes numbers that are not finite.")

    monkeypatch.setattr(BottleneckSource, "_extract", spoil)
    guide = examine(workspace, queue)
    assert len(guide.state.advice.ranking) == 3
    assert guide.state.problem == ""


def test_pictures_that_come_later_are_examined_too(workspace):
    queue = make_queue(workspace, draw_files(1))
    guide = examine(workspace, queue)
    fill(workspace, queue, draw_files(4))
    wait_until_examined(guide, 8)
    wait_until(lambda: len(guide.state.advice.ranking) == 8)


def test_missing_network_is_reported_and_pictures_come_all_the_same(workspace, monkeypatch):
    from cluster_core.errors import BackboneError

    def fail(*_):
        raise BackboneError("The file of the network was altered.", name="sky")

    monkeypatch.setattr(guide_module, "FeatureTable", fail)
    queue = make_queue(workspace, draw_files(1))
    guide = obtain_guide(workspace, queue.id)
    wait_until(lambda: guide.state.problem)
    assert guide.state.problem == "The file of the network was altered."
    assert guide.pick(queue, "tab") in queue.pictures
    assert obtain_guide(workspace, queue.id) is guide


def test_guide_that_met_a_problem_is_started_again_after_a_while(workspace, monkeypatch):
    from cluster_core.errors import RunError

    def fail(*_):
        raise RunError("The cache is in use by another program.")

    queue = make_queue(workspace, draw_files(2))
    with monkeypatch.context() as failing:
        failing.setattr(FeatureTable, "examine", fail)
        guide = obtain_guide(workspace, queue.id)
        wait_until(lambda: guide.state.problem)
        guide.stop()
    assert obtain_guide(workspace, queue.id) is guide
    monkeypatch.setattr(guide_module, "RETRY_AFTER_S", 0)
    again = examine(workspace, queue)
    assert again is not guide
    assert (again.state.n_examined, again.state.problem) == (4, "")


def test_guide_that_has_ended_frees_the_features(workspace):
    queue = make_queue(workspace, draw_files(2))
    guide = examine(workspace, queue)
    wait_until(lambda: guide.state.advice.ranking)
    adviser = weakref.ref(guide._adviser)
    guide.stop()
    gc.collect()
    assert adviser() is None


def test_bug_is_logged_and_reported_without_a_traceback(workspace, monkeypatch, caplog):
    monkeypatch.setattr(FeatureTable, "examine", lambda *_: 1 / 0)
    queue = make_queue(workspace, draw_files(1))
    guide = obtain_guide(workspace, queue.id)
    wait_until(lambda: guide.state.problem)
    assert "unexpected error" in guide.state.problem
    assert "ZeroDivisionError" in caplog.text


def test_restarted_guide_goes_on_where_the_last_one_ended(workspace):
    queue = make_queue(workspace, draw_files(12))
    guide = examine(workspace, queue)
    for sha256 in list(queue.pictures)[:14]:
        queue.decide(OWNER, sha256, as_class(find_true_class(queue, sha256)))
    guide.notice()
    wait_until(lambda: len(guide.state.advice.ranking) == 10)
    before = guide.state.advice
    stop_guides()
    again = examine(workspace, queue)
    wait_until(lambda: len(again.state.advice.ranking) == 10)
    assert set(again.state.advice.ranking) == set(before.ranking)
    assert again is not guide


def test_starter_model_gives_first_guesses_for_its_classes(workspace):
    queue = make_queue(workspace, draw_files(3), ("Open clusters", "globular clusters"))
    guide = examine(workspace, queue)
    wait_until(lambda: guide.state.advice.guesses)
    assert {one[0] for one in guide.state.advice.guesses.values()} <= set(queue.classes)


def test_stacked_features_are_finite_rows_in_the_order_of_the_hashes(workspace):
    queue = make_queue(workspace, draw_files(2))
    table = FeatureTable(workspace, "sky")
    table.examine([(sha256, queue.find_file(sha256)) for sha256 in queue.pictures])
    assert table.sha256s == list(queue.pictures)
    assert table.stack().shape == (4, 256)
    assert np.isfinite(table.stack()).all()
