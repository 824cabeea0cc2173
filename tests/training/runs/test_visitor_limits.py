"""What visitors with a throw-away workspace may train."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.access.visitor_workspaces import remove_visitor_workspace
from cluster_core.errors import RunError
from cluster_core.training.runs import RunState
from cluster_core.training.runs.folder import save_status
from cluster_core.training.runs.visitor_limits import add_training_s, read_training_s
from tests.training.jobs.fakes import submit_as_visitor


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"how_many_training_steps": 10_001}, "up to 10,000 steps"),
        ({"intermediate_store_frequency": 1}, "cannot save unfinished models"),
        ({"architecture": "mobilenet_0.50_224"}, "would have to be downloaded"),
    ],
)
def test_settings_above_the_limits_are_refused(settings, sentence, visitors):
    with pytest.raises(RunError, match=sentence):
        submit_as_visitor(visitors[0], **settings)
    assert not visitors[0].runs.exists()


def test_second_training_waits_for_the_first_and_none_follows_without_time(visitors):
    own = visitors[0]
    status = submit_as_visitor(own)
    with pytest.raises(RunError, match="has not ended"):
        submit_as_visitor(own)
    save_status(own, replace(status, state=RunState.FINISHED))
    add_training_s(own, 600)
    with pytest.raises(RunError, match="minutes of training are used"):
        submit_as_visitor(own)


def test_training_time_adds_up_and_dies_with_the_workspace(visitors, workspace):
    own = visitors[0]
    add_training_s(own, 2.5)
    add_training_s(own, 3)
    assert read_training_s(own) == 5.5
    remove_visitor_workspace(own)
    add_training_s(own, 1)
    assert list(workspace.visitors.glob("[!.]*")) == [visitors[1].root]
