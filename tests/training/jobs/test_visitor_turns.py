"""Places in the line of trainings, and the owner who waits for a visitor's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.access import Access
from cluster_core.access.visitor_workspaces import WORKSPACES_VARIABLE
from cluster_core.errors import AccessError, RunError
from cluster_core.training.jobs.visitor_turns import (
    count_visitor_runs,
    find_run_ahead_of_owner,
    read_line,
    stop_visitor_run,
)
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.training.runs import RunState, load_status, request_stop, submit_run
from cluster_core.training.runs.folder import (
    DISCARD,
    KEEP_BEST,
    read_stop_request,
    save_status,
)
from cluster_core.training.runs.visitor_limits import add_training_s, explain_owner_stop
from tests.samples import OWNER
from tests.training.jobs.fakes import submit_as_visitor


@pytest.fixture
def running(visitors):
    """The running training of the first visitor."""
    status = submit_as_visitor(visitors[0])
    save_status(visitors[0], replace(status, state=RunState.RUNNING))
    return status.id


def test_lone_training_starts_now(visitors, workspace):
    status = submit_as_visitor(visitors[0])
    assert read_line(workspace).find_place(status.id) == 0
    assert read_line(workspace).find_place("of another server") == 0


def test_owner_then_who_trained_least_comes_first(visitors, workspace, config):
    one, other = (submit_as_visitor(own) for own in visitors)
    add_training_s(visitors[0], 5)
    line = read_line(workspace)
    assert [line.find_place(run.id) for run in (other, one)] == [0, 2]
    mine = submit_run(OWNER, workspace, config)
    line = read_line(workspace)
    assert line.waiting == (mine.id, other.id, one.id)
    assert line.find_place(other.id) == 2


def test_running_training_of_another_visitor_is_waited_for(running, visitors, workspace):
    status = submit_as_visitor(visitors[1])
    assert read_line(workspace).find_place(status.id) == 1
    assert read_line(workspace).find_place(running) == 0


def test_running_training_of_the_owner_is_waited_for(visitors, workspace, config, monkeypatch):
    mine = submit_run(OWNER, workspace, config)
    save_status(workspace, replace(mine, state=RunState.RUNNING))
    status = submit_as_visitor(visitors[0])
    assert read_line(workspace).find_place(status.id) == 1
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")
    assert read_line(workspace).find_place(status.id) == 0


def test_owner_waits_for_a_visitor_only_when_no_worker_is_left(running, workspace, monkeypatch):
    ahead = find_run_ahead_of_owner(workspace)
    assert ahead.status.id == running
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")
    assert find_run_ahead_of_owner(workspace) is None


def test_owner_stops_the_training_of_a_visitor_and_its_best_model_is_kept(
    running, visitors, workspace
):
    own, other = visitors
    for access in (Access.visitor(), Access.visitor_in(own), Access.visitor_in(other)):
        with pytest.raises(AccessError):
            stop_visitor_run(access, workspace, running)
    assert not find_run_ahead_of_owner(workspace).is_stopping
    stop_visitor_run(OWNER, workspace, running)
    assert read_stop_request(own.runs / running) == KEEP_BEST
    assert find_run_ahead_of_owner(workspace).is_stopping
    with pytest.raises(RunError, match="was deleted"):
        stop_visitor_run(OWNER, workspace, "20200101-000000-000000-abcd")


def test_owner_does_not_overrule_a_visitor_who_stops_or_has_stopped(running, visitors, workspace):
    own = visitors[0]
    request_stop(Access.visitor_in(own), own, running, keep_best=False)
    stop_visitor_run(OWNER, workspace, running)
    assert read_stop_request(own.runs / running) == DISCARD
    save_status(own, replace(load_status(own, running), state=RunState.DISCARDED))
    with pytest.raises(RunError, match="already ended"):
        stop_visitor_run(OWNER, workspace, running)
    assert not explain_owner_stop(own, running, has_model=False)


def test_trainings_of_visitors_are_counted_while_they_may_train(
    running, visitors, monkeypatch, workspace
):
    submit_as_visitor(visitors[1])
    assert count_visitor_runs(workspace) == {RunState.RUNNING: 1, RunState.QUEUED: 1}
    monkeypatch.delenv(WORKSPACES_VARIABLE)
    assert not count_visitor_runs(workspace)
    assert find_run_ahead_of_owner(workspace) is None
