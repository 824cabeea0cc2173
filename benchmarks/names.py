"""`python -m benchmarks.names --photos DIR`: objects named by file names and by positions."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import click
import numpy as np

from benchmarks.tables import print_table
from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.identification import Source, identify, identify_position
from cluster_core.sky_names.position import SkyPosition

WIDTHS = (1.0, 1.5, 2.5, 5.0, 8.0)  # of a picture, in diameters of its object
MAX_WIDTH_DEG = 30.0
OFF_CENTRE = 0.12  # of the width
MIN_DIAMETER_ARCMIN = 3.0
UNKNOWN_DIAMETER_ARCMIN = 4.0


@click.command()
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with a manifest.csv (file, object) and the pictures that it names.",
)
@click.option("--per-object", default=4, show_default=True, help="Simulated pictures of each.")
@click.option("--seed", default=1, show_default=True)
def main(photos: Path | None, per_object: int, seed: int) -> None:
    """Print how many pictures get the right name from their file name, or from their position."""
    rows = [_measure_files(photos)] if photos else []
    rows.append(_measure_positions(per_object, np.random.default_rng(seed)))
    print_table(["named by", "pictures", "right", "share"], rows)


def _measure_files(photos: Path) -> list[str]:
    with (photos / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    right = 0
    for row in rows:
        found = identify(b"", row["file"], None)
        expected = load_catalogue().find(row["object"])
        right += [each.object for each in found.objects] == [expected]
    return _make_row("file name", len(rows), right)


def _measure_positions(per_object: int, generator: np.random.Generator) -> list[str]:
    objects = [each for each in load_catalogue().objects if _is_photographed(each)]
    n = right = 0
    for each in objects:
        for width in generator.choice(WIDTHS, per_object):
            width_deg = width * (each.diameter_arcmin or UNKNOWN_DIAMETER_ARCMIN) / 60
            if width_deg <= MAX_WIDTH_DEG:
                position = _place(each, width_deg, generator)
                main_object = identify_position(position, Source.HEADER).main
                n += 1
                right += main_object is not None and main_object.object is each
    return _make_row("position", n, right)


def _is_photographed(each: CatalogueObject) -> bool:
    is_large = (each.diameter_arcmin or 0) > MIN_DIAMETER_ARCMIN
    return each.name.startswith("M ") or (each.is_cluster and is_large)


def _place(each: CatalogueObject, width_deg: float, generator: np.random.Generator) -> SkyPosition:
    """Return the position of a picture of 3:2 in which an object is a little off the centre."""
    east, north = generator.uniform(-OFF_CENTRE, OFF_CENTRE, 2) * width_deg
    dec = float(np.clip(each.dec_deg + north, -89, 89))
    ra = (each.ra_deg + east / max(0.2, math.cos(math.radians(each.dec_deg)))) % 360
    scale = width_deg / 1200
    return SkyPosition(ra, dec, ((-scale, 0.0), (0.0, -scale)), 1200, 800)


def _make_row(title: str, n: int, right: int) -> list[str]:
    return [title, f"{n:,}", f"{right:,}", f"{right / n:.1%}"]


if __name__ == "__main__":
    main()
