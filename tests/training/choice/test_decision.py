from __future__ import annotations

import json

import numpy as np
import pytest

from cluster_core.errors import BackboneError
from cluster_core.storage.saved_values import MALFORMED_ERRORS
from cluster_core.training.choice.decision import (
    NetworkChoice,
    Reason,
    choose_by_figures,
    choose_without_trial,
    describe_choice,
)

N = 100
GROUPS = np.arange(N)


def right(n: int, n_lucky: int = 0) -> np.ndarray:
    """Return shares of which `n` are 1, the first ones but `n_lucky` from the end."""
    shares = np.zeros(N)
    shares[: n - n_lucky] = 1
    shares[N - n_lucky :] = 1
    return shares


def choose(star_share=0.0, **shares) -> NetworkChoice:
    names = {name.replace("mobile", "mobilenet_0.50_224"): value for name, value in shares.items()}
    return choose_by_figures(names, GROUPS, star_share)


def test_clearly_most_accurate_network_is_chosen_with_its_figures():
    choice = choose(0.0, sky=right(61), everyday=right(97))
    assert (choice.architecture, choice.reason) == ("everyday", Reason.MOST_ACCURATE)
    assert [figure.architecture for figure in choice.figures] == ["everyday", "sky"]
    best = choice.find_figure("everyday")
    assert best.accuracy == 0.97
    assert best.low < 0.97 < best.high
    assert choice.is_better_than("sky")
    assert not choice.is_better_than("everyday")
    assert not choice.is_better_than("resnet50")
    assert describe_choice(choice, str.title) == "Everyday, 97% in a trial against 61% for Sky."


def test_star_fields_do_not_outweigh_a_clear_lead():
    assert choose(1.0, sky=right(61), everyday=right(97)).architecture == "everyday"


def test_among_equals_star_fields_decide_for_the_sky():
    equals = {"sky": right(90), "everyday": right(91, 5)}
    stars, others = choose(0.8, **equals), choose(0.2, **equals)
    assert (stars.architecture, stars.reason) == ("sky", Reason.STAR_FIELDS)
    assert "the pictures look like star fields" in describe_choice(stars)
    assert others.architecture == "everyday"


def test_among_equals_the_quickest_is_chosen():
    choice = choose(0.0, everyday=right(91, 5), mobile=right(90))
    assert (choice.architecture, choice.reason) == ("mobilenet_0.50_224", Reason.QUICKEST)
    assert "quicker" in describe_choice(choice)
    assert not choice.is_better_than("everyday")


def test_small_lead_is_not_called_clear_however_certain():
    shares = {"sky": np.full(N, 0.98), "everyday": np.full(N, 0.99)}
    choice = choose_by_figures(shares, GROUPS, 0.0)
    assert choice.architecture == "everyday"
    assert not choice.is_better_than("sky")


def test_copies_count_once_for_the_uncertainty():
    shares = {"sky": right(90), "everyday": right(97)}
    apart = choose_by_figures(shares, GROUPS, 0.0).find_figure("sky")
    copies = choose_by_figures(shares, GROUPS // 10, 0.0).find_figure("sky")
    assert copies.behind == apart.behind
    assert copies.behind_error > 2 * apart.behind_error
    assert copies.high - copies.low > 2 * (apart.high - apart.low)


def test_without_a_trial_the_look_of_the_pictures_decides():
    names = ("sky", "everyday", "mobilenet_0.50_224")
    assert choose_without_trial(names, 0.9).architecture == "sky"
    few = choose_without_trial(names, 0.1)
    assert (few.architecture, few.reason, few.figures) == ("everyday", Reason.TOO_FEW, ())
    assert "too few pictures for a trial" in describe_choice(few)
    assert choose_without_trial(("sky",), 0.1).architecture == "sky"


def test_record_survives_json():
    choice = choose(0.25, sky=right(61), everyday=right(97))
    assert NetworkChoice.from_record(json.loads(json.dumps(choice.to_record()))) == choice


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": 3},
        {"architecture": "x" * 10_000},
        {"reason": "because"},
        {"star_share": None},
        {"n_pictures": -1},
        {"figures": [{"architecture": "sky"}]},
        {"figures": [{"architecture": "sky", "accuracy": "high"}]},
        {"figures": 7},
    ],
)
def test_damaged_record_is_recognised(change):
    record = {**choose(0.0, sky=right(50)).to_record(), **change}
    with pytest.raises((*MALFORMED_ERRORS, BackboneError)):
        NetworkChoice.from_record(record)
