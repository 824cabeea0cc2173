"""The process that trains: loaded before it is needed, and ended together with its server.

Requests arrive as lines of JSON on standard input. Messages go as lines of JSON to the original
standard output, which is then redirected: anything that libraries print goes to the run's log.
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

NICENESS = 10
HEARTBEAT_S = 1.0
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run as `python -m cluster_core.training.jobs.worker WORKSPACE`.

    Requests are `{"kind": "train", "run": ID, "workspace": FOLDER}` and `{"kind": "preview",
    "config": {...}}`, where the configuration is as `write_config` returns it. Messages are
    `{"kind": "ready"}`, `{"kind": "heartbeat"}`, `{"kind": "done", "status": {...} or null}` and
    `{"kind": "preview", "evaluations": [...] or null}`.
    """
    _end_with_parent()
    _lower_priority()
    messages = os.fdopen(os.dup(1), "w", buffering=1)
    _redirect_output(os.devnull)
    lock = threading.Lock()

    def send(**message: Any) -> None:
        with lock:
            messages.write(json.dumps(message) + "\n")

    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    threading.Thread(target=_send_heartbeats, args=(send,), daemon=True).start()
    workspace = Workspace(Path(sys.argv[1]))
    # These load TensorFlow, which takes seconds.
    from cluster_core.training.insight.estimates import measure_speed
    from cluster_core.training.insight.preview import PreviewMaker
    from cluster_core.training.jobs.job import run_job

    _warm_up()
    send(kind="ready")
    # A training does not wait for a preview.
    previews = PreviewMaker(workspace, is_stopped=lambda: not requests.empty())
    while True:
        request = requests.get()
        if request["kind"] == "train":
            place = Workspace(Path(request["workspace"]))  # perhaps a visitor's
            try:
                with _logging_to(place.runs / request["run"] / LOG):
                    status = run_job(place, request["run"])
            except ClusterError:  # the run has just been deleted
                send(kind="done", status=None)
                continue
            send(kind="done", status=status.to_record())
            if status.bundle and requests.empty() and place == workspace:
                measure_speed(workspace, status.architecture)
        else:
            send(kind="preview", evaluations=previews.make(request["config"]))


def _lower_priority() -> None:
    """Give the server's pages priority over the training."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # A Linux desktop shares time among sessions before it looks at niceness, and this process has
    # its own session, so the session's niceness has to be set too.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def _end_with_parent() -> None:
    """Have Linux end this process with its server; elsewhere the end of its input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _read_requests(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)  # the server has ended, so nobody needs the results


def _send_heartbeats(send: Any) -> None:
    pause = threading.Event()
    while not pause.wait(HEARTBEAT_S):
        send(kind="heartbeat")


def _warm_up() -> None:
    """Load and trace what every training needs, before the first one is requested."""
    import numpy as np

    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.registry import SKY_BACKBONE
    from cluster_core.model.backbones.shipped import load_shipped_record
    from cluster_core.model.head.examples import Examples
    from cluster_core.model.head.settings import HeadSettings
    from cluster_core.model.head.training import fit_head
    from cluster_core.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow()
    examples = Examples(np.zeros((2, 1, 1), np.float32), np.array([0, 1]), 2)
    fit_head(examples, None, HeadSettings(how_many_training_steps=1))
    side_px = SKY_BACKBONE.input_size_px
    # LiteRT prints its delegate at the first picture; that line should not be in a run's log.
    with suppress(ClusterError):  # a damaged file is reported by the run that needs it
        extractor = load_extractor(load_shipped_record(SKY_BACKBONE))
        extractor.extract([np.zeros((side_px, side_px, 3), np.uint8)])


def _redirect_output(path: str) -> None:
    """Redirect the file descriptors of standard output and standard error to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    try:
        _redirect_output(str(path))
    except OSError:
        _redirect_output(os.devnull)  # a full disk is reported by the training
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("cluster_core")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # TensorFlow adds a handler to the root logger
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        _redirect_output(os.devnull)


if __name__ == "__main__":
    main()
