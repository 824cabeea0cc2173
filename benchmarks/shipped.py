"""`python -m benchmarks.shipped`: how long the networks that ship with the program take."""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks.tables import print_table
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.model.backbones.shipped import load_shipped_record

THREADS = (1, 2)
N_TIMINGS = 200


def main() -> None:
    """Print the time for one view with LiteRT, by number of threads."""
    print(f"One view with LiteRT, milliseconds: fastest of {N_TIMINGS}, median.\n")
    rows = []
    for spec in list_backbones():
        if spec.ships:
            record = load_shipped_record(spec)
            cells = []
            for n_threads in THREADS:
                times = _time_views(record, n_threads)
                cells += [f"{min(times):.1f}", f"{statistics.median(times):.1f}"]
            rows.append([spec.name, *cells])
    print_table(
        ["", *(f"threads: {n}, {what}" for n in THREADS for what in ("best", "median"))], rows
    )


def _time_views(backbone: ConvertedBackbone, n_threads: int) -> list[float]:
    side_px = backbone.spec.input_size_px
    pictures = [np.zeros((side_px, side_px, 3), np.uint8)]
    extractor = load_extractor(backbone, n_threads)
    extractor.extract(pictures)
    times = []
    for _ in range(N_TIMINGS):
        start_s = time.perf_counter()
        extractor.extract(pictures)
        times.append(1000 * (time.perf_counter() - start_s))
    return times


if __name__ == "__main__":
    main()
