"""Work on many pictures on the computers of a Dask cluster."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from unittest import mock

import dask
import pytest
from distributed import LocalCluster

from cluster_core.errors import ImageError, ImageProblem, RunError
from cluster_core.storage import dask_cluster, dask_connection, dask_worker
from cluster_core.storage.dask_cluster import PICTURES_PER_BLOCK, DaskCluster
from cluster_core.storage.dask_worker import Mark

N_BLOCKS = 3


@dataclass(frozen=True)
class Item:
    name: str
    path: Path | None = None
    content: bytes | None = None

    def with_content(self):
        return replace(self, content=self.path.read_bytes() if self.path else b"")


def describe(item):
    """Return the name of an item, and how it travelled; some do harm."""
    if item.name == "poison":
        os._exit(1)
    if item.name == "refused":
        raise ImageError("No picture.", path="refused", reason=ImageProblem.BLANK)
    return item.name, "by path" if item.content is None else item.content


def give_up(item):
    return item.name, "given up"


@pytest.fixture(scope="module")
def scheduler():
    with (
        # Workers import the main module, which after a test of pages is one of these.
        mock.patch.dict(sys.modules, {"__main__": ModuleType("__main__")}),
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as local,
    ):
        yield local.scheduler_address


@pytest.fixture
def cluster(scheduler):
    with DaskCluster(scheduler) as connected:
        yield connected


@pytest.fixture
def files(tmp_path):
    items = []
    for number in range(N_BLOCKS * PICTURES_PER_BLOCK + 1):
        path = tmp_path / f"{number:03}"
        path.write_text(path.name)
        items.append(Item(path.name, path))
    return items


def test_results_keep_the_order_and_files_travel_by_path(cluster, files):
    results = list(cluster.map_images(describe, iter(files), give_up))
    assert results == [(item.name, "by path") for item in files]


def test_files_that_a_worker_has_not_travel_with_their_content(cluster, files, monkeypatch):
    class Elsewhere(Mark):
        @classmethod
        def of(cls, path):
            return Mark(0, 0)

    monkeypatch.setattr(dask_cluster, "Mark", Elsewhere)
    results = list(cluster.map_images(describe, files, give_up))
    assert results == [(item.name, item.name.encode()) for item in files]


def test_item_that_kills_its_workers_is_given_up_and_no_other(cluster, files):
    files[20] = Item("poison")
    results = list(cluster.map_images(describe, files, give_up))
    assert results.pop(20) == ("poison", "given up")
    del files[20]
    assert results == [(item.name, "by path") for item in files]


def test_error_of_the_function_follows_the_results_before_it(cluster, files):
    files[20] = Item("refused")
    results = []
    with pytest.raises(RunError, match="No picture"):
        results.extend(cluster.map_images(describe, files, give_up))
    assert len(results) == 20


class Unknown:
    """Items that a worker of another version cannot read."""

    path = None

    def with_content(self):
        return self

    def __reduce__(self):
        return int, ("no number",)


def test_worker_that_cannot_read_what_it_gets_is_one_sentence(cluster):
    with pytest.raises(RunError, match=r"^A worker .* cannot run Cluster Lab \(.*no number'\)"):
        list(cluster.map_images(describe, [Unknown()], give_up))


@pytest.mark.parametrize("kind", ["nothing", "silence", "nonsense"])
def test_address_without_an_answer_is_one_sentence(kind, monkeypatch):
    monkeypatch.setattr(dask_connection, "ANSWER_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if kind == "silence" else 1
        address = "nonsense://" if kind == "nonsense" else f"tcp://127.0.0.1:{port}"
        with pytest.raises(RunError, match=f"^No Dask scheduler answers at {address}: check"):
            DaskCluster(address)


def test_other_version_on_a_worker_is_one_sentence(scheduler, monkeypatch):
    monkeypatch.setattr(dask_worker, "__version__", "99")
    with pytest.raises(RunError, match=r"runs Cluster Lab .*, and this computer 99: install"):
        DaskCluster(scheduler)


def test_cluster_without_workers_is_one_sentence(monkeypatch):
    monkeypatch.setattr(dask_connection, "ANSWER_TIMEOUT_S", 1)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp") as empty,
        pytest.raises(RunError, match="has no workers: start some with `dask worker tcp://"),
    ):
        DaskCluster(empty.scheduler_address)
