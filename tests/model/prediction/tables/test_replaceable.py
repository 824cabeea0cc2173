"""Tables replace no pictures."""

from __future__ import annotations

import pytest

from cluster_core.errors import ConfigError
from cluster_core.model.prediction.tables.replaceable import require_replaceable


@pytest.mark.parametrize("name", ["M 13.JPG", "a.fits.gz", "a.zip", "a.tgz", "packed", "list.txt"])
def test_what_is_not_a_table_is_not_replaced(tmp_path, name):
    output = tmp_path / name
    output.write_bytes(b"PK\x03\x04\0" if name == "packed" else b"text\n")
    inputs = [tmp_path / "gone.txt", tmp_path / "sub" / ".." / "list.txt"]
    (tmp_path / "sub").mkdir()
    reason = "is one of the files to read" if name == "list.txt" else "is not a table"
    with pytest.raises(ConfigError, match=f"{name} {reason} and would be replaced: choose"):
        require_replaceable(output, inputs)


@pytest.mark.parametrize("name", ["old.csv", "old.parquet", "new.jpg", "out", None])
def test_tables_and_new_files_are_written(tmp_path, name):
    (tmp_path / "old.csv").write_text("path,label\n")
    (tmp_path / "old.parquet").write_bytes(b"PAR1\0\0")
    (tmp_path / "out").touch()
    require_replaceable(tmp_path / name if name else None, [tmp_path, tmp_path / "a.jpg"])
