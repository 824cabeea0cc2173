"""Networks that came with a model go when the model is deleted for good, and not before."""

from __future__ import annotations

import json

import pytest

from cluster_core.errors import AccessError
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.collection import delete_model
from cluster_core.model.bundle.discarding import discard_trash
from cluster_core.model.bundle.untrusted_files import MANIFEST
from cluster_core.storage.trash import restore
from tests.model.bundle.test_carried_network import (  # noqa: F401  fixtures
    answer,
    elsewhere,
    files,
    list_networks,
    model_id,
    pack,
)
from tests.samples import OWNER, VISITOR

NETWORK = ["random-abababababab.json", "random-abababababab.tflite"]


@pytest.fixture
def carried(elsewhere, files):  # noqa: F811
    """A workspace with an imported model and the network that it carried."""
    import_model(OWNER, elsewhere, pack(files))
    return elsewhere


def import_twin(workspace, files) -> str:  # noqa: F811
    """Import another model of the same network; return its id."""
    manifest = json.loads(files[f"m/{MANIFEST}"]) | {"title": "Twin"}
    twin = {**files, f"m/{MANIFEST}": json.dumps(manifest).encode()}
    return import_model(OWNER, workspace, pack(twin)).id


def test_network_goes_with_its_model_when_the_trash_is_emptied(carried):
    delete_model(OWNER, carried, "m")
    assert list_networks(carried) == NETWORK
    assert discard_trash(OWNER, carried) > 0
    assert list_networks(carried) == []


def test_restored_model_answers_again(carried):
    expected = answer(carried)
    entry = delete_model(OWNER, carried, "m")
    restore(OWNER, carried, entry.id)
    discard_trash(OWNER, carried)
    assert answer(carried) == expected


def test_network_stays_while_another_model_needs_it(carried, files):  # noqa: F811
    twin = import_twin(carried, files)
    delete_model(OWNER, carried, "m")
    discard_trash(OWNER, carried)
    assert list_networks(carried) == NETWORK
    answer(carried)
    delete_model(OWNER, carried, twin)
    discard_trash(OWNER, carried)
    assert list_networks(carried) == []


def test_network_stays_while_an_unreadable_model_may_need_it(carried, files):  # noqa: F811
    twin = import_twin(carried, files)
    (carried.bundles / twin / MANIFEST).write_text("{")
    delete_model(OWNER, carried, "m")
    discard_trash(OWNER, carried)
    assert list_networks(carried) == NETWORK


def test_other_files_beside_imported_networks_stay(carried):
    other = carried.imported_backbones / "notes.txt"
    other.write_text("mine")
    delete_model(OWNER, carried, "m")
    discard_trash(OWNER, carried)
    assert [path.name for path in carried.imported_backbones.iterdir()] == ["notes.txt"]


def test_public_demo_deletes_no_network(carried):
    delete_model(OWNER, carried, "m")
    with pytest.raises(AccessError):
        discard_trash(VISITOR, carried)
    assert list_networks(carried) == NETWORK
