"""What a project's file holds and what was loaded, in words."""

from __future__ import annotations

from cluster_core.projects.placing import LoadReport
from cluster_core.projects.reading import ProjectContents


def describe_contents(contents: ProjectContents) -> str:
    """Return "3 datasets, 1,200 pictures, 4 models, 7 trainings, 35.2 MB"."""
    counts = (
        (len(contents.datasets), "dataset"),
        (sum(contents.datasets.values()), "picture"),
        (contents.n_models, "model"),
        (contents.n_runs, "training"),
        (contents.n_queues, "queue"),
        (contents.n_pages, "published page"),
    )
    parts = [f"{n:,} {noun}{'s' if n != 1 else ''}" for n, noun in counts if n]
    return ", ".join([*parts, f"{contents.n_bytes / 1e6:,.1f} MB"])


def describe_load(report: LoadReport) -> str:
    """Return a sentence such as "Added 2 datasets and 1 model; 3 were here already."."""
    present = ""
    if report.n_present:
        verb = "was" if report.n_present == 1 else "were"
        present = f"; {report.n_present:,} {verb} here already"
    return f"Added {report.describe()}{present}."
