"""What to export, and the files with which it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cluster_core.errors import ConfigError
from cluster_core.model.export.formats import FORMATS, ExportFormat

# Beside a new export: a folder of picture files, and the answers of the model in their order.
PICTURES, EXPECTED = "pictures", "expected.json"


@dataclass(frozen=True)
class ExportRequest:
    """A model and a format.

    Attributes
    ----------
    model : Path
        Folder of the model.
    kind : ExportFormat
        The format.
    is_int8 : bool
        Whether a .tflite file gets numbers of 8 bits.

    Raises
    ------
    ConfigError
        If another format should get numbers of 8 bits.
    """

    model: Path
    kind: ExportFormat
    is_int8: bool = False

    def __post_init__(self) -> None:
        if self.is_int8 and self.kind is not ExportFormat.TFLITE:
            raise ConfigError(
                f"Only tflite has a variant with numbers of 8 bits, not {self.kind}: leave out "
                "--int8.",
                field="int8",
                received=self.kind,
                allowed=ExportFormat.TFLITE,
            )

    @property
    def file_name(self) -> str:
        """Name of the file or folder that `build_export` writes."""
        return f"export{FORMATS[self.kind].suffix}"
