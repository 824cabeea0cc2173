"""Write the clusters of a field: a table, and a file for each cut-out."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from PIL import Image

from cluster_core.wide_fields.drawing import draw_field, name_cluster
from cluster_core.wide_fields.field import WideField
from cluster_core.wide_fields.search import FieldCluster

COLUMNS = (
    *("picture", "object", "catalogue_type", "ra_deg", "dec_deg"),
    *("label", "score", "verdict", "novelty", "certainty"),
    *("left_px", "top_px", "width_px", "height_px", "cut_out"),
    "problem",
)
DRAWN_NAME = "field.jpg"
TABLE_NAME = "clusters.csv"
_JPEG_QUALITY = 92
Record = dict[str, str | float | int | None]


def make_records(
    field: WideField, clusters: Sequence[FieldCluster], cut_outs: Sequence[str] = ()
) -> list[Record]:
    """Return the clusters of a field as rows of a table.

    Parameters
    ----------
    field : WideField
    clusters : sequence of FieldCluster
    cut_outs : sequence of str
        The file of each cut-out, if there are files.

    Returns
    -------
    list of dict
        With all `COLUMNS`; None where nothing is known. Right ascension and declination are those
        of the catalogue, or of the centre of the cut-out.
    """
    return [
        {
            "picture": field.name,
            "object": name_cluster(cluster, number),
            "catalogue_type": cluster.catalogued.kind if cluster.catalogued else None,
            **_find_sky(field, cluster),
            "label": cluster.prediction.label,
            "score": round(cluster.prediction.score, 5),
            "verdict": str(cluster.prediction.verdict),
            "novelty": _round(cluster.prediction.novelty),
            "certainty": _round(cluster.certainty),
            "left_px": cluster.box.left,
            "top_px": cluster.box.top,
            "width_px": cluster.box.width,
            "height_px": cluster.box.height,
            "cut_out": cut_outs[number - 1] if cut_outs else None,
            "problem": None,
        }
        for number, cluster in enumerate(clusters, start=1)
    ]


def write_table(stream: TextIO, records: Sequence[Mapping[str, object]]) -> None:
    """Write rows as CSV with a header.

    Parameters
    ----------
    stream : text file
        Opened with newline="".
    records : sequence of mapping
        From `make_records`; of a picture that could not be used, `picture` and `problem`.
    """
    rows = csv.DictWriter(stream, COLUMNS)
    rows.writeheader()
    for record in records:
        rows.writerow({name: "" if value is None else value for name, value in record.items()})


def write_cut_outs(folder: Path, field: WideField, clusters: Sequence[FieldCluster]) -> list[str]:
    """Write each cut-out at full size, and the field with boxes, into a folder.

    Parameters
    ----------
    folder : Path
        An existing folder without files of these names.
    field : WideField
    clusters : sequence of FieldCluster

    Returns
    -------
    list of str
        The name of each cut-out's file.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    names = []
    for number, cluster in enumerate(clusters, start=1):
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name_cluster(cluster, number)).strip("_")
        names.append(f"{number:03} {plain}.png")
        Image.fromarray(field.cut_out(cluster.box)).save(folder / names[-1], "PNG")
    drawn = Image.fromarray(draw_field(field, clusters))
    drawn.save(folder / DRAWN_NAME, "JPEG", quality=_JPEG_QUALITY)
    return names


def _find_sky(field: WideField, cluster: FieldCluster) -> Record:
    if cluster.catalogued is not None:
        return {"ra_deg": cluster.catalogued.ra_deg, "dec_deg": cluster.catalogued.dec_deg}
    if field.position is None:
        return {"ra_deg": None, "dec_deg": None}
    ra_deg, dec_deg = field.position.to_sky(*cluster.box.centre)
    return {"ra_deg": round(float(ra_deg), 5), "dec_deg": round(float(dec_deg), 5)}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
