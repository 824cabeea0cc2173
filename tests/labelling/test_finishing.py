from __future__ import annotations

import pytest

from cluster_core.answers.adding import Addition
from cluster_core.errors import ImageError
from cluster_core.labelling.finishing import list_finished
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.storage.cache_file import CacheFile
from tests.labelling.samples import CLASSES, as_class, draw_files, make_queue
from tests.samples import OWNER


@pytest.fixture
def queue(workspace):
    """Four pictures: one labelled, one none of these, one skipped, one undecided."""
    queue = make_queue(workspace, draw_files(2))
    first, second, third, _ = queue.pictures
    queue.decide(OWNER, first, as_class(CLASSES[0]))
    queue.decide(OWNER, second, Decision(Verdict.NONE, None, "tab"))
    queue.decide(OWNER, third, Decision(Verdict.SKIP, None, "tab"))
    return queue


def test_labelled_pictures_and_counter_examples_go_to_the_dataset(workspace, queue):
    addition = Addition(OWNER, workspace, "mine", list_finished(queue), "Label")
    with CacheFile(workspace.bottlenecks) as cache:
        addition.batch.store_remaining(cache)
    root = workspace.root / "mine_photos"
    names = sorted(str(path.relative_to(root)) for path in root.glob("*/*"))
    assert len(names) == 2
    assert names[0].startswith(f"{CLASSES[0]}/{CLASSES[0]}")
    assert names[1].startswith("none_of_these/")
    entry = addition.take_back()
    assert entry.description == "2 pictures added to mine from Label"
    assert not root.exists()
    assert len(queue.decisions) == 3


def test_vanished_picture_is_reported(queue):
    (picture, _) = list_finished(queue)
    queue.find_file(picture.sha256).unlink()
    with pytest.raises(ImageError, match="no longer in the queue"):
        picture.read()
