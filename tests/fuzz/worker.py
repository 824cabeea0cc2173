"""The process that runs cases, so that one that hangs or crashes can be ended and reported."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import shutil
import signal
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzz.case import Case, CaseId, FaultError

STACKS = "stacks.txt"
MAX_STEPS, MAX_LINE_LENGTH = 12, 500
_SAMPLE = "sample"


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes
    ----------
    checks : int
        Number of calls whose outcome was checked.
    problem : str
        What went wrong, with a traceback; empty if nothing did.
    """

    checks: int
    problem: str = ""


def serve(connection: Connection, scratch: Path) -> None:
    """Run the cases that arrive, and send back their outcomes, until the connection closes.

    Parameters
    ----------
    connection : Connection
        Brings a `CaseId`, and takes an `Outcome`. The first message is None: it is ready.
    scratch : Path
        Folder for workspaces and everything else that is written.
    """
    _prepare_process(scratch)
    # Only now: these import the program, which reads the environment.
    from tests.fuzz.areas import AREAS
    from tests.fuzz.outside import WriteWatch
    from tests.fuzz.sample import build_sample

    sample = scratch / _SAMPLE / "tf_files"
    if not sample.exists():
        build_sample(sample)
    watch = WriteWatch(scratch)
    connection.send(None)
    with contextlib.suppress(EOFError):
        while True:
            case = _prepare_case(connection.recv(), scratch, sample)
            problem = ""
            try:
                AREAS[case.id.area].run(case)
                if watch.outside:
                    raise FaultError(f"Written outside the workspace: {', '.join(watch.outside)}.")
            except Exception:
                problem = _describe(case)
            watch.outside.clear()
            os.chdir(scratch)
            # A thread of a page may still write; what it leaves goes with the scratch folder.
            shutil.rmtree(case.folder, ignore_errors=True)
            connection.send(Outcome(case.checks, problem))


def _describe(case: Case) -> str:
    """Return the last steps of a case and the traceback of its failure."""
    lines = [*case.steps[-MAX_STEPS:], *traceback.format_exc().splitlines()]
    return "\n".join(line[:MAX_LINE_LENGTH] for line in lines)


def _prepare_process(scratch: Path) -> None:
    os.setsid()  # so that the runner can end it together with the processes it starts
    faulthandler.register(signal.SIGUSR1, (scratch / STACKS).open("w"))
    temporary = scratch / "tmp"
    temporary.mkdir(exist_ok=True)
    os.environ |= {
        "HOME": str(scratch),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch / "hypothesis"),
        "TMPDIR": str(temporary),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CLUSTER_LAB_TEST_BACKBONE": "1",
    }
    tempfile.tempdir = None
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    # Notes of native libraries, and tracebacks that Streamlit prints as well.
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a device, not a path)
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


def _prepare_case(case_id: CaseId, scratch: Path, sample: Path) -> Case:
    folder = scratch / f"{case_id.area}-{case_id.number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    case = Case(case_id, folder, sample)
    case.renew()
    os.chdir(folder)
    return case
