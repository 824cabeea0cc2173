"""Damage each file of a workspace in each way, and read everything."""

from __future__ import annotations

import random

from tests.fuzz.case import Case
from tests.fuzz.checks import (
    continue_imports,
    require_an_answer,
    require_everything_listed,
    restore_everything,
)
from tests.fuzz.damage import DAMAGES, damage
from tests.fuzz.keeping import Belongings
from tests.fuzz.readers import READERS
from tests.fuzz.sample import list_sample_files


def damage_and_read(case: Case) -> None:
    """Damage a file, call every reader, then undo every deletion and finish what is unfinished."""
    file = damage_a_file(case)
    before = Belongings.of(case.workspace)
    for reader in READERS:
        reader(case)
    before.require_unchanged(Belongings.of(case.workspace))
    require_everything_listed(case)
    if not file.startswith(("test_photos", "models/backbones")):
        require_an_answer(case)
    continue_imports(case)
    restore_everything(case)
    before.require_content(Belongings.of(case.workspace))


def damage_a_file(case: Case) -> str:
    """Damage the file whose turn it is, and return its path.

    All files come up with all kinds of damage before any comes up again.
    """
    files = list_sample_files(case.workspace.root)
    pairs = [(file, kind) for file in files for kind in DAMAGES]
    random.Random(f"{case.id.area} {case.id.seed}").shuffle(pairs)
    file, kind = pairs[case.id.number % len(pairs)]
    case.steps.append(damage(case.workspace.root / file, kind, case.random) + f" ({file})")
    return file
