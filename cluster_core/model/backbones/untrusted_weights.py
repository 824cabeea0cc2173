"""Convert a weights file that may be hostile. Importing this module loads TensorFlow.

`python -m cluster_core.model.backbones.untrusted_weights` does it in a process of its own, whose
memory is limited; `convert_confined` starts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import filelock
import h5py

from cluster_core.errors import BackboneError, ClusterError
from cluster_core.model.backbones.conversion import LOCK_NAME, convert_backbone
from cluster_core.model.backbones.registry import BYTES_PER_PARAMETER, BackboneSpec, get_backbone
from cluster_core.model.backbones.weights import explain_wrong_file
from cluster_core.subprocesses import limit_memory

# ConvNeXt, the largest network, takes 6 GB of addresses and half of that in memory.
MAX_ADDRESS_SPACE_BYTES = 10_000_000_000
# The largest network has 600 arrays, each in a group or two.
MAX_OBJECTS = 20_000
_MAX_RATIO = 1.5
_H5PY_ERRORS = (OSError, LookupError, ValueError, TypeError, RuntimeError)


def convert_untrusted(spec: BackboneSpec, weights_path: Path, backbones_dir: Path) -> None:
    """Convert a network with the weights of a file, after checking the file's structure.

    Raises
    ------
    BackboneError
        If the file does not contain this network's weights, or memory ran out.
    """
    max_bytes = round(_MAX_RATIO * spec.n_parameters * BYTES_PER_PARAMETER)
    try:
        check_hdf5(weights_path, max_bytes)
    except _H5PY_ERRORS as error:
        raise BackboneError(explain_wrong_file(str(weights_path), spec), name=spec.name) from error
    backbones_dir.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(backbones_dir / LOCK_NAME):
        convert_backbone(spec, weights_path, backbones_dir)


def check_hdf5(path: Path, max_bytes: int) -> None:
    """Check that an HDF5 file holds only numbers, all in the file itself, and not too many.

    HDF5 can take data from any other file on the disk, by links and by external storage.

    Parameters
    ----------
    path : Path
        The file.
    max_bytes : int
        The most that all its arrays may take in memory.

    Raises
    ------
    OSError, LookupError, ValueError, TypeError, RuntimeError
        If it is not an HDF5 file, is damaged, or holds anything else.
    """
    n_bytes = 0
    with h5py.File(path, "r") as file:
        for n_objects, item in enumerate(_walk(file), start=1):
            if n_objects > MAX_OBJECTS:
                raise ValueError(f"it has more than {MAX_OBJECTS:,} parts")
            if isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise ValueError("it takes data from other files")
                if item.dtype.kind not in "fiu":
                    raise ValueError("it holds other things than numbers")
                n_bytes += item.nbytes
                if n_bytes > max_bytes:
                    raise ValueError("it holds more numbers than this network has")


def _walk(file: h5py.File) -> Iterator[h5py.Group | h5py.Dataset]:
    """Yield each group and dataset of a file once."""
    pending, known = [file], set()
    while pending:
        group = pending.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError("it has links to other places")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address not in known:
                known.add(address)
                yield item
                if isinstance(item, h5py.Group):
                    pending.append(item)


@click.command(help="Convert a network with the weights of a file that may be hostile.")
@click.argument("architecture")
@click.argument("weights_path", type=click.Path(path_type=Path))
@click.option("--backbones_dir", type=click.Path(path_type=Path), required=True)
def main(architecture: str, weights_path: Path, backbones_dir: Path) -> None:
    """Convert one file; an error is one line on standard error, and exit code 1."""
    limit_memory(MAX_ADDRESS_SPACE_BYTES)
    try:
        convert_untrusted(get_backbone(architecture), weights_path, backbones_dir)
    except (ClusterError, OSError, MemoryError) as error:
        raise click.ClickException(str(error) or "memory ran out") from error


if __name__ == "__main__":
    main()
