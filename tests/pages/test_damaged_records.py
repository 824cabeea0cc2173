"""Pages with names that are not UTF-8, or with damaged records, show everything else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from cluster_core.model.bundle.collection import delete_model, list_models
from cluster_core.storage.trash import list_trash, move_to_trash, restore
from cluster_core.training.runs import RunState, submit_run
from cluster_core.training.runs.folder import STATUS, save_status
from cluster_core.training.runs.records import CONFIG
from tests.pages.opening import open_file
from tests.samples import OWNER

ODD = "odd \udcff"


def test_model_whose_folder_is_not_utf_8_is_listed(trained):
    (folder,) = trained.bundles.iterdir()
    shutil.copytree(folder, trained.bundles / ODD)
    page = open_file("models.py")
    assert not page.exception
    (model_id,) = {model.id for model in list_models(trained)} - {folder.name, "starter"}
    page = open_file("models.py", model=model_id)
    assert "delete" in {button.key for button in page.button}
    delete_model(OWNER, trained, model_id)
    assert not (trained.bundles / ODD).exists()


def test_run_whose_dataset_is_not_utf_8_is_listed(workspace, config):
    submit_run(OWNER, workspace, replace(config, image_dir=workspace.root / f"{ODD}_photos"))
    assert not open_file("training.py").exception


def test_trash_with_a_name_that_is_not_utf_8_is_listed(workspace):
    picture = workspace.cluster_photos / "open" / f"{ODD}.jpg"
    picture.parent.mkdir(parents=True)
    picture.touch()
    move_to_trash(OWNER, workspace, [picture], f"The picture {picture.name}")
    assert not open_file("dataset.py").exception
    restore(OWNER, workspace, list_trash(workspace)[0].id)
    assert picture.exists()


@pytest.mark.parametrize(
    ("file", "change", "state"),
    [
        (STATUS, {"created": "0001-01-01T00:00:00+23:59"}, "failed"),
        (CONFIG, {"testing_percentage": 10**400}, "finished, settings unreadable"),
        (CONFIG, {}, "finished, result unreadable"),
    ],
)
def test_damaged_run_is_marked_in_the_table(workspace, config, file, change, state):
    intact, damaged = (submit_run(OWNER, workspace, config) for _ in range(2))
    save_status(workspace, replace(damaged, state=RunState.FINISHED))
    path = workspace.runs / damaged.id / file
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    page = open_file("training.py", run=intact.id)
    assert not page.exception
    table = page.dataframe[-1].value
    assert sorted(map(str.lower, table["State"])) == sorted([state, "queued"])
