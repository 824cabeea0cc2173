"""What owners and visitors may do."""

from __future__ import annotations

import pytest

from cluster_core.access import Access, Action
from cluster_core.errors import AccessError
from cluster_core.events import get_counts
from tests.samples import OWNER, VISITOR


@pytest.mark.parametrize("action", Action)
def test_owner_may_do_everything(action):
    assert OWNER.allows(action)
    OWNER.require(action)


@pytest.mark.parametrize("action", [each for each in Action if each is not Action.CLASSIFY])
def test_visitor_is_refused_with_the_name_of_the_action(action):
    assert not VISITOR.allows(action)
    with pytest.raises(AccessError, match=f"does not let its visitors {action}") as caught:
        VISITOR.require(action)
    assert caught.value.action == action


def test_refusal_is_an_event_for_the_log():
    before = get_counts().get("refused", 0)
    with pytest.raises(AccessError):
        VISITOR.require(Action.TRAIN)
    assert get_counts()["refused"] == before + 1


def test_refusal_may_say_what_to_do_instead():
    access = Access("stranger", frozenset(), "Sign in to {action}.")
    with pytest.raises(AccessError, match=r"^Sign in to train models\.$"):
        access.require(Action.TRAIN)


def test_one_action_can_be_taken_away():
    access = OWNER.without(Action.TRAIN)
    assert set(Action) - access.allowed == {Action.TRAIN}
    assert access.who == OWNER.who
