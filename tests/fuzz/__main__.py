"""`python -m tests.fuzz --minutes N`: damage everything the program reads, and report failures."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence

from tests.fuzz.areas import AREAS
from tests.fuzz.case import CaseId
from tests.fuzz.runner import Failure, Runner, Tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 1 if a case failed, else 0."""
    options = _read_options(arguments)
    names = [options.only] if options.only else list(AREAS)
    seed = options.seed if options.seed is not None else int(time.time())
    print(f"Seed {seed}", flush=True)  # noqa: T201
    with Runner() as runner:
        if options.case is None:
            for failure in runner.run_for(options.minutes * 60, seed, names):
                _print_failure(failure)
        elif failure := runner.run(CaseId(options.only, seed, options.case)):
            _print_failure(failure)
        _print_counts({name: runner.tallies[name] for name in names})
        return int(any(tally.failures for tally in runner.tallies.values()))


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to run (default: 1)")
    parser.add_argument("--seed", type=int, help="the same seed gives the same cases")
    parser.add_argument("--only", choices=AREAS, metavar="AREA", help=f"one of {', '.join(AREAS)}")
    parser.add_argument("--case", type=int, metavar="N", help="repeat case N of --only AREA alone")
    options = parser.parse_args(arguments)
    if options.case is not None and (options.only is None or options.seed is None):
        parser.error("--case needs --only and --seed, as printed with a failure")
    return options


def _print_failure(failure: Failure) -> None:
    print(f"\nFAILED  {failure.case.command}\n{failure.problem}", flush=True)  # noqa: T201


def _print_counts(tallies: Mapping[str, Tally]) -> None:
    print(f"\n{'area':<16}{'cases':>8}{'checks':>10}{'failures':>10}{'seconds':>10}")  # noqa: T201
    for name, tally in tallies.items():
        counts = f"{tally.cases:>8}{tally.checks:>10}{len(tally.failures):>10}"
        print(f"{name:<16}{counts}{tally.seconds:>10.1f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
