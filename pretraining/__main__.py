"""Pretrain the backbone `sky`: render, train, export, teach novelty, evaluate on photos."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

LOG = logging.getLogger("pretraining")
HELD_OUT_BLOCKS = 2
STEPS = ("render", "train", "export", "novelty", "evaluate")


def main() -> None:
    """Run the requested steps in order; rendering and training resume where they stopped."""
    options = _parse()
    options.output.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(),
        logging.FileHandler(options.output / "pretraining.log"),
    ]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    for step in STEPS:
        if step in options.steps:
            LOG.info("step: %s", step)
            globals()[f"_{step}"](options)


def _render(options: argparse.Namespace) -> None:
    from pretraining.blocks import render_blocks

    pictures = options.output / "pictures"
    for index in render_blocks(pictures, options.seed, options.blocks, options.processes):
        LOG.info("block %d of %d", index + 1, options.blocks)


def _train(options: argparse.Namespace) -> None:
    from pretraining.starter import save_weights
    from pretraining.train import Trainer, TrainPlan

    plan = TrainPlan(
        (HELD_OUT_BLOCKS, options.blocks),
        options.epochs,
        learning_rate=options.learning_rate,
        seed=options.seed,
    )
    trainer = Trainer(plan, options.output / "pictures", options.output)
    trainer.run(options.processes)
    scores = save_weights(trainer, range(HELD_OUT_BLOCKS), options.output)
    LOG.info("held-out simulated pictures: %s", json.dumps(scores))


def _export(options: argparse.Namespace) -> None:
    from pretraining.export import export_assets

    for name, difference in export_assets(options.output, options.assets).items():
        LOG.info("%s: differs by %.1e of the largest feature", name, difference)


def _novelty(options: argparse.Namespace) -> None:
    from pretraining.novelty import render_features, ship_novelty

    rendered = render_features(
        options.output / "novelty", options.seed, options.pictures_per_kind, options.processes
    )
    for name, share in ship_novelty(rendered, options.assets).items():
        LOG.info("none of these: %.3f of %s", share, name)


def _evaluate(options: argparse.Namespace) -> None:
    from pretraining.evaluate import measure_retrained, measure_starter

    if options.photos is None:
        LOG.info("evaluation skipped: add --photos with a folder of real photos")
        return
    for measure in (measure_starter, measure_retrained):
        for name, score in measure(options.assets, options.photos).items():
            sys.stdout.write(f"{name:60} {score:.3f}\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pretraining", description=__doc__)
    parser.add_argument(
        "steps",
        nargs="*",
        default=STEPS,
        help=f"which of {', '.join(STEPS)} to run; all by default",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("pretrained"),
        help="working folder, resumed if it exists",
    )
    parser.add_argument(
        "--assets",
        type=Path,
        default=Path("cluster_core/assets"),
        help="folder of the exported files",
    )
    parser.add_argument("--photos", type=Path, help="folder of real photos for the evaluation")
    parser.add_argument("--blocks", type=int, default=60, help="pictures to render, in thousands")
    parser.add_argument("--epochs", type=int, default=8, help="passes over the pictures")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument(
        "--processes", type=int, default=2, help="processes to render, threads to train"
    )
    parser.add_argument(
        "--pictures-per-kind",
        type=int,
        default=400,
        help="pictures of each kind of sky that teach novelty",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of pictures and training")
    return parser.parse_args()


if __name__ == "__main__":
    main()
