"""The process that trains: warm ahead of the click, and gone as soon as its server is.

Requests come as lines of JSON on standard input, answers go as lines to what
was standard output. Anything that libraries print goes to the log of the run.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cluster_core.errors import ClusterError
from cluster_core.training.runs.folder import LOG
from cluster_core.workspace import Workspace

NICENESS = 5
HEARTBEAT_S = 1.0
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run as `python -m cluster_core.training.jobs.worker WORKSPACE`."""
    _die_with_parent()
    _step_back()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    _print_to(os.devnull)
    lock = threading.Lock()

    def send(**answer: Any) -> None:
        with lock:
            answers.write(json.dumps(answer) + "\n")

    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    threading.Thread(target=_beat, args=(send,), daemon=True).start()
    workspace = Workspace(Path(sys.argv[1]))
    # TensorFlow comes with these, and takes seconds.
    from cluster_core.training.insight.estimates import measure_speed
    from cluster_core.training.insight.preview import PreviewMaker
    from cluster_core.training.jobs.job import run_job

    _warm_up()
    send(kind="ready")
    # Whoever asks for a training meanwhile does not wait for a preview.
    previews = PreviewMaker(workspace, is_stopped=lambda: not requests.empty())
    while True:
        request = requests.get()
        if request["kind"] == "train":
            try:
                with _logging_to(workspace.runs / request["run"] / LOG):
                    status = run_job(workspace, request["run"])
            except ClusterError:  # it was deleted a moment ago
                send(kind="done", status=None)
                continue
            send(kind="done", status=status.to_record())
            if status.bundle and requests.empty():
                measure_speed(workspace, status.architecture)
        else:
            send(kind="preview", evaluations=previews.make(request["config"]))


def _step_back() -> None:
    """Let the pages go first."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # A desktop's Linux shares time among sessions first, and this process is one of its own: its
    # niceness would count for nothing.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def _die_with_parent() -> None:
    """Have Linux end this process with its server; elsewhere the end of its input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _listen(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)  # the server is gone, and whatever goes on here is for nobody


def _beat(send: Any) -> None:
    pause = threading.Event()
    while not pause.wait(HEARTBEAT_S):
        send(kind="beat")


def _warm_up() -> None:
    """Load and trace what every training needs, while nobody waits."""
    import numpy as np

    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.registry import SKY_BACKBONE
    from cluster_core.model.backbones.shipped import load_sky_record
    from cluster_core.model.head.examples import Examples
    from cluster_core.model.head.settings import HeadSettings
    from cluster_core.model.head.training import fit_head
    from cluster_core.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow()
    examples = Examples(np.zeros((2, 1, 1), np.float32), np.array([0, 1]), 2)
    fit_head(examples, None, HeadSettings(how_many_training_steps=1), lambda evaluation: None)
    side_px = SKY_BACKBONE.input_size_px
    # LiteRT says at the first picture what it runs on, which is no line for a run's log.
    with suppress(ClusterError):  # an altered file: the run that needs it will tell
        load_extractor(load_sky_record()).extract([np.zeros((side_px, side_px, 3), np.uint8)])


def _print_to(path: str) -> None:
    """Point the file descriptors of standard output and error at a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    try:
        _print_to(str(path))
    except OSError:
        _print_to(os.devnull)  # a full disk: the training will tell
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("cluster_core")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # the root has a handler of TensorFlow's
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        _print_to(os.devnull)


if __name__ == "__main__":
    main()
