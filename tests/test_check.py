"""The `check` command."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.check import main
from cluster_core.data.declared_groups import GROUPS_FILE
from cluster_core.data.index import scan_dataset
from cluster_core.health import accept_finding, check_health, choose_network
from cluster_core.storage.cache_file import CacheFile
from tests.samples import OWNER, draw_blob, save_picture, write_photos


@pytest.fixture
def dataset(workspace):
    folder = write_photos(workspace.cluster_photos, 4)
    first = min((folder / "red stars").iterdir())
    shutil.copy(first, folder / "blue stars" / "again.png")
    return folder


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_findings_are_printed_by_kind(dataset):
    result = run(dataset)
    assert result.exit_code == 0
    first, second, *_ = result.stdout.splitlines()
    assert first == "Copies in different classes (1)"
    assert second.startswith("  again.png and field 10000.png are the same file, but in different")
    assert result.stderr.startswith("9 pictures checked, ")


def test_pictures_of_one_name_are_told_apart(dataset):
    save_picture(dataset / "red stars" / "a.png", draw_blob(1))
    save_picture(dataset / "blue stars" / "a.png", draw_blob(2))
    lines = [line.split(" is only")[0] for line in run(dataset).stdout.splitlines()]
    assert {"  blue stars/a.png", "  red stars/a.png"} < set(lines)


def test_json_has_kinds_pictures_and_measures(dataset):
    result = run(dataset, "--json")
    assert result.exit_code == 0
    record = json.loads(result.stdout)
    finding = record["findings"][0]
    assert record["pictures"] == 9
    assert finding["kind"] == "copies_across_classes"
    assert finding["pictures"] == ["blue stars/again.png", "red stars/field 10000.png"]
    assert finding["measure"] == 1


def test_accepted_findings_are_left_out(workspace, dataset):
    with CacheFile(workspace.bottlenecks) as file:
        index = scan_dataset(dataset, file)
        for finding in check_health(index, choose_network(index.pictures), file).findings:
            accept_finding(OWNER, dataset, finding)
    result = run(dataset)
    assert "(" not in result.stdout
    assert "9 pictures checked, nothing found" in result.stderr


def test_check_works_where_nothing_may_be_changed(dataset, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    before = sorted(dataset.rglob("*"))
    assert run(dataset).exit_code == 0
    assert sorted(dataset.rglob("*")) == before


def test_errors_are_one_sentence(workspace, dataset):
    result = run(workspace.root / "missing")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: There is no folder")
    (dataset / GROUPS_FILE).write_text("file;group\nx.png\n")
    result = run(dataset)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: groups.csv, line 2, has no group")
    assert run(dataset, "--unknown").exit_code == 2
    assert run().exit_code == 2
