from __future__ import annotations

import os
import pickle
import sys
import types

import numpy as np
import pytest

from pretraining import torch_file
from pretraining.torch_file import load_state_dict

HEAD = (torch_file._MAGIC, 1001, {"little_endian": True})


@pytest.fixture
def torch(monkeypatch):
    """Stand-ins with the names that PyTorch pickles."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.__dict__["FloatStorage"] = type("FloatStorage", (), {"__module__": "torch"})
    exec("def _rebuild_tensor_v2(*_): ...", utils.__dict__)
    utils._rebuild_tensor_v2.__module__ = "torch._utils"
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


class Tensor:
    """Pickles as a PyTorch tensor does: its storage is written after the pickles."""

    def __init__(self, storage, offset, shape, stride):
        self.parts = (storage, offset, shape, stride, False, {})

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, np.ndarray):
            storage_type = sys.modules["torch"].FloatStorage
            return ("storage", storage_type, "0", "cpu", value.size, None)
        return None


def write(path, state, values=()):
    with path.open("wb") as stream:
        for part in (*HEAD, state, ["0"]):
            Pickler(stream, protocol=2).dump(part)
        stream.write(len(values).to_bytes(8, "little") + np.float32(values).tobytes())
    return path


def test_tensors_are_cut_from_their_storage(torch, tmp_path):
    storage = np.arange(10, dtype=np.float32)
    state = {"a": Tensor(storage, 1, (2, 3), (3, 1)), "b": Tensor(storage, 0, (3, 2), (1, 3))}
    found = load_state_dict(write(tmp_path / "weights.pth", state, storage))
    assert found["a"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found["b"].tolist() == [[0, 3], [1, 4], [2, 5]]


class Command:
    def __reduce__(self):
        return os.mkdir, ("made",)


def test_hostile_file_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "weights.pth", {"a": Command()})
    with pytest.raises(pickle.UnpicklingError, match="not part of a state dict"):
        load_state_dict(path)
    assert not (tmp_path / "made").exists()


def test_other_file_is_rejected(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(pickle.UnpicklingError, match="not a state dict of an early PyTorch"):
        load_state_dict(path)
