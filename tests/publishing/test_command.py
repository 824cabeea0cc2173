"""The `publish` command where nothing is published."""

from __future__ import annotations

from click.testing import CliRunner

from cluster_core.publish import main


def test_list_says_that_nothing_is_published(workspace):
    outcome = CliRunner().invoke(main, ["--list"])
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert outcome.stderr == "Nothing is published yet.\n"
