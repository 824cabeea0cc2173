"""Read the arrays of a PyTorch state dict without PyTorch and without running its code."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


def load_state_dict(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read a file that `torch.save` of PyTorch 1.5 or earlier wrote from a state dict.

    Such a file is a row of pickles (magic number, version, system, state dict, names of the
    storages), followed by the storages: each a count and its values.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Read-only arrays, float32 or int64, by the names of the state dict.

    Raises
    ------
    pickle.UnpicklingError
        If it is another kind of file, or it names anything but tensors.
    """
    stream = io.BytesIO(path.read_bytes())
    if _Unpickler(stream).load() != _MAGIC:
        raise pickle.UnpicklingError(f"{path} is not a state dict of an early PyTorch")
    for _ in ("version", "system"):
        _Unpickler(stream).load()
    tensors = _Unpickler(stream).load()
    storages = {}
    types = {tensor.storage: tensor.dtype for tensor in tensors.values()}
    for name in _Unpickler(stream).load():
        count = int.from_bytes(stream.read(8), "little")
        storages[name] = np.frombuffer(stream.read(count * types[name].itemsize), types[name])
    return {name: tensor.cut_from(storages) for name, tensor in tensors.items()}


class _Tensor:
    """The location of a tensor in its storage."""

    def __init__(
        self, storage: tuple[str, np.dtype[Any]], offset: int, shape: Any, stride: Any, *_: Any
    ) -> None:
        self.storage, self.dtype = storage
        self._offset, self._shape, self._stride = offset, shape, stride

    def cut_from(self, storages: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return the tensor's part of its storage."""
        values = storages[self.storage][self._offset :]
        strides = [step * values.itemsize for step in self._stride]
        return np.lib.stride_tricks.as_strided(values, self._shape, strides, writeable=False)


class _Unpickler(pickle.Unpickler):
    """Knows tensors and storages only, so that a hostile file cannot run code."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """Return the stand-in of a class that a state dict is made of."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return type(name, (), {})
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a state dict")

    def persistent_load(self, identifier: Any) -> tuple[str, np.dtype[Any]]:
        """Return name and type of a storage."""
        _, storage_type, name, *_ = identifier
        return name, _DTYPES[storage_type.__name__]
