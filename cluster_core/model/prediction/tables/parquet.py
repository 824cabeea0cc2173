"""Write answers as a Parquet file, in row groups, so that memory use is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from cluster_core.errors import ConfigError
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.tables.columns import AnswerTable, Value, escape_unencodable

ROWS_PER_GROUP = 10_000


@contextmanager
def writing_parquet(
    stream: BinaryIO, table: AnswerTable
) -> Iterator[Callable[[FilePrediction], None]]:
    """Write a Parquet file, which is complete when the block ends.

    Parameters
    ----------
    stream : binary file
        Open for writing.
    table : AnswerTable
        The columns: UTF-8 strings and 64-bit floats, with their `unit` in the metadata.

    Yields
    ------
    callable
        Takes a `FilePrediction` and adds a row.

    Raises
    ------
    ConfigError
        pyarrow is not installed, as where there is no Streamlit.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError(
            "Parquet needs a package that is not installed: run pip install pyarrow, or choose "
            "another --format.",
            field="table_format",
            received="parquet",
            allowed="a format whose packages are installed",
        ) from error

    schema = pa.schema(
        pa.field(
            escape_unencodable(column.name),
            pa.float64() if column.kind is float else pa.string(),
            metadata={"unit": column.unit} if column.unit else None,
        )
        for column in table.columns
    )
    rows: list[list[Value]] = []

    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:

        def write_group() -> None:
            columns = zip(*rows, strict=True)
            arrays = [
                pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            rows.clear()

        def write_row(answer: FilePrediction) -> None:
            values = table.make_row(answer)
            rows.append([escape_unencodable(v) if isinstance(v, str) else v for v in values])
            if len(rows) == ROWS_PER_GROUP:
                write_group()

        yield write_row
        if rows:
            write_group()
