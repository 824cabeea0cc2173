"""`python -m benchmarks.identify --photos DIR`: how many pictures each plate solver names."""

from __future__ import annotations

import csv
import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated_fields import load_index_stars, render_fields, render_nonsense
from benchmarks.tables import print_table
from cluster_core.errors import NotSolvedError
from cluster_core.evaluation.intervals import compute_wilson_interval
from cluster_core.images import read_image
from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.identification import Source, identify_position
from cluster_core.sky_names.solving import Solver
from cluster_core.sky_names.solving.astrometry_package import PACKAGE, AstrometryPackage
from cluster_core.sky_names.solving.finding import find_program
from cluster_core.sky_names.solving.indexes import find_index_files
from cluster_core.sky_names.solving.solve_field import PROGRAM, SolveField
from cluster_core.sky_names.words import list_names

_MIN_SIDE_PX = 400
_SHOWN = 5  # names of each picture that is not named right
_COLUMNS = [
    "",
    "pictures",
    "right",
    "95 %",
    "first",
    "wrong",
    "not solved",
    "median",
    "95th percentile",
]


@dataclass(frozen=True)
class Sample:
    """A picture and the object in it; None for stars that are nowhere in the sky."""

    name: str
    picture: NDArray[np.uint8]
    object: CatalogueObject | None


@dataclass(frozen=True)
class Outcome:
    """What a solver made of a sample: the names of all objects in it, none if not solved."""

    sample: Sample
    names: list[str]
    time_s: float

    @property
    def is_right(self) -> bool:
        """Whether the object is among those named."""
        known = self.sample.object
        return known is not None and known.name in self.names

    @property
    def is_first(self) -> bool:
        """Whether the object is the one that the picture is said to be of."""
        known = self.sample.object
        return known is not None and self.names[:1] == [known.name]


@click.command()
@click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with a manifest.csv (file, object) and the pictures that it names.",
)
@click.option("--fields", default=60, help="Simulated fields of real stars; 0 for none.")
@click.option("--solver", "only", help="Only this one: solve-field or astrometry.")
@click.option("--seed", default=1)
def main(photos: Path | None, fields: int, only: str | None, seed: int) -> None:
    """Print a table of what each installed solver names, and the pictures that it names wrongly."""
    indexes = find_index_files()
    generator = np.random.default_rng(seed)
    sets: dict[str, list[Sample]] = {}
    if photos:
        sets["photos"] = list(_read_photos(photos))
    if fields:
        sets |= _simulate(indexes, fields, generator)
    rows = []
    for name, solver in _list_solvers(indexes):
        for title, samples in sets.items():
            if only in (None, name):
                rows.append(_measure(f"{name}, {title}", solver, samples))
    print_table(_COLUMNS, rows)


def _simulate(
    indexes: tuple[Path, ...], n: int, generator: np.random.Generator
) -> dict[str, list[Sample]]:
    stars, catalogue = load_index_stars(indexes), load_catalogue()
    fields = render_fields(stars, catalogue, n, generator)
    nonsense = render_nonsense(max(1, n // 3), generator)
    return {
        "simulated": [Sample(each.name, picture, each) for each, picture in fields],
        "no sky": [Sample(f"random {i}", picture, None) for i, picture in enumerate(nonsense)],
    }


def _list_solvers(indexes: tuple[Path, ...]) -> Iterator[tuple[str, Solver]]:
    program = find_program()
    if program is not None:
        yield PROGRAM, SolveField(program, indexes)
    if importlib.util.find_spec(PACKAGE) is not None:
        yield PACKAGE, AstrometryPackage(indexes)


def _read_photos(folder: Path) -> Iterator[Sample]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            picture = read_image(folder / row["file"])
            known = load_catalogue().find(row["object"])
            if max(picture.shape[:2]) >= _MIN_SIDE_PX and known is not None:
                yield Sample(row["file"], picture, known)


def _measure(title: str, solver: Solver, samples: list[Sample]) -> list[str]:
    outcomes = [_solve(solver, sample) for sample in samples]
    for each in outcomes:
        if not each.is_first:
            names = ", ".join(each.names[:_SHOWN]) or "not solved"
            print(f"{title}: {each.sample.name}: {names}", flush=True)
    right = sum(each.is_right for each in outcomes)
    unsolved = sum(not each.names for each in outcomes)
    low, high = compute_wilson_interval(right, len(outcomes))
    median, slow = np.percentile([each.time_s for each in outcomes], [50, 95])
    return [
        title,
        str(len(outcomes)),
        str(right),
        f"{low:.0%} to {high:.0%}",
        str(sum(each.is_first for each in outcomes)),
        str(len(outcomes) - right - unsolved),
        str(unsolved),
        f"{median:.2f} s",
        f"{slow:.2f} s",
    ]


def _solve(solver: Solver, sample: Sample) -> Outcome:
    start_s = time.monotonic()
    try:
        position = solver.solve(sample.picture, None)
    except NotSolvedError:
        return Outcome(sample, [], time.monotonic() - start_s)
    found = identify_position(position, Source.PLATE_SOLVING)
    names = list_names(found) or ["no object"]
    return Outcome(sample, names, time.monotonic() - start_s)


if __name__ == "__main__":
    main()
