"""Property: any value in any field of a trash record can be listed, and loses no file."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster_core.errors import ClusterError
from cluster_core.storage.trash import empty_trash, list_trash, move_to_trash, restore
from tests.fuzz.json_values import make_damaged_texts
from tests.samples import OWNER


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_damaged_record_is_listed_and_loses_no_file(workspace, data):
    shutil.rmtree(workspace.root, ignore_errors=True)
    pictures = [workspace.cluster_photos / "open" / name for name in ("a.jpg", "b.jpg")]
    for picture in pictures:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(picture.name)
    entry = move_to_trash(OWNER, workspace, pictures, "2 pictures")
    record = workspace.trash / entry.id / "record.json"
    text = data.draw(make_damaged_texts(record.read_text("ascii")))
    record.write_text(text, "utf-8", "surrogatepass")
    (listed,) = list_trash(workspace)
    assert (listed.id, listed.n_files >= 0) == (entry.id, True)
    datetime.fromisoformat(listed.created).astimezone(UTC)
    if listed.problem:
        assert listed.n_files == 2
        assert empty_trash(OWNER, workspace) == 0
    with suppress(ClusterError):
        restore(OWNER, workspace, entry.id)
    assert len(list(workspace.root.rglob("*.jpg"))) == 2
