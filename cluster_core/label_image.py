"""`python -m cluster_core.label_image`: label one picture."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_core.console import PATH, plain_exits, run_as_program
from cluster_core.errors import BundleError, ConfigError
from cluster_core.images import is_fits, read_bytes, read_observation
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.json import format_json
from cluster_core.model.prediction.tables.sky import make_model_answer, make_sky_values
from cluster_core.model.prediction.words import describe_novelty, name_verdict
from cluster_core.sky_names.cache import identifying
from cluster_core.sky_names.identification import Identification
from cluster_core.sky_names.words import describe_with_model
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.workspace import RETRAINED_LABELS, Workspace


@click.command()
@click.option("--image", type=PATH, required=True, help="The picture to label.")
@click.option(
    "--graph",
    type=PATH,
    help="A model's folder, or a retrained .pb graph. A graph is a program: use one only if you "
    "trust its source.  [default: the model chosen in the app, else the newest model]",
)
@click.option(
    "--labels",
    type=PATH,
    help="Text file with the class names of a .pb graph, one per line.  [default: "
    "retrained_labels.txt next to the graph]",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, as classify --json does."
)
@click.option(
    "--identify",
    is_flag=True,
    help="Name the objects in the sky, by header, file name or plate solving.",
)
@plain_exits("The picture was not labelled.")
def main(
    image: Path, graph: Path | None, labels: Path | None, as_json: bool, identify: bool
) -> None:
    """Label one picture and print the score of each class, the highest first, and the verdict."""
    data = read_bytes(image, name=str(image))
    if graph is not None and _is_file(graph):
        prediction, source = _label_with_graph(graph, labels, data, str(image))
    else:
        _refuse_labels(graph, labels)
        workspace = Workspace.default()
        bundle = choose_bundle(graph, workspace)
        predictor = Predictor(bundle, workspace, count_usable_cpus())
        prediction = predictor.predict_file(data, str(image))
        source = AnswerSource.of_bundle(bundle, graph, workspace)
    sky = _identify(data, image.name) if identify else None
    if as_json:
        cards = read_observation(data, image.name) if is_fits(data) else {}
        more = make_sky_values(sky) if sky else {}
        answer = FilePrediction(str(image), prediction, None, cards, more=more)
        click.echo(format_json(answer, source))
        return
    if prediction.warning:
        click.echo(prediction.warning, err=True)
    click.echo(f"Evaluation time (1-image): {prediction.seconds:.3f}s\n")
    for label, score in prediction.scores.items():
        click.echo(f"{label} (score={score:.5f})")
    click.echo(f"{name_verdict(prediction)} ({describe_novelty(prediction)})")
    if sky:
        named = describe_with_model(sky, make_model_answer(prediction))
        lines = list(filter(None, (sky.problem, named)))
        click.echo("\n".join(lines) or "No object of the catalogue is known in it.")


def _identify(data: bytes, name: str) -> Identification:
    with identifying(Workspace.default()) as identify:
        return identify(data, name)


def _refuse_labels(graph: Path | None, labels: Path | None) -> None:
    if labels is not None:
        raise ConfigError(
            f"--labels is only for a .pb graph, and {graph or 'a model'} already has class "
            "names: leave --labels out, or name the graph with --graph=FILE.",
            field="labels",
            received=labels,
            allowed="a file, together with a .pb graph",
        )


def _is_file(graph: Path) -> bool:
    """Return whether a path is a graph, not a model's folder; raise BundleError if neither."""
    try:
        if graph.exists():
            return graph.is_file()
    except OSError as error:
        raise BundleError(
            f"{graph} could not be opened ({error.strerror}): allow read access to it.", path=graph
        ) from error
    raise BundleError(
        f"There is no model in {graph}: name a model's folder, or a .pb graph that retrain wrote.",
        path=graph,
    )


def _label_with_graph(
    graph: Path, labels: Path | None, data: bytes, name: str
) -> tuple[Prediction, AnswerSource]:
    labels = labels or graph.parent / RETRAINED_LABELS
    try:
        names = tuple(labels.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BundleError(
            f"The class names of {graph} could not be read from {labels} ({detail}): name the "
            "labels file that was written with the graph, --labels=FILE.",
            path=graph,
        ) from error
    # Imported here because only a graph needs TensorFlow; models run without it.
    from cluster_core.model.prediction.graph_predictor import FrozenGraph

    prediction = FrozenGraph(graph, names).predict_file(data, name)
    return prediction, AnswerSource(names, graph.name, graph.name)


if __name__ == "__main__":
    run_as_program(main)
