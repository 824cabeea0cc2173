from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pages.components.words import (
    count_seconds,
    format_estimate,
    format_percent,
    format_seconds,
    format_time,
    name_network,
    name_stage,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (2.34, "2.3 s"),
        (9.96, "10 s"),
        (42.4, "42 s"),
        (59.7, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.8, "1 h 0 min"),
        (7_380, "2 h 3 min"),
    ],
)
def test_duration_unit_depends_on_length(seconds, words):
    assert format_seconds(seconds) == words


def test_estimates_are_whole_seconds():
    shown = [format_estimate(seconds) for seconds in (0.2, 6.4, 9.96, 59.9, 115)]
    assert shown == ["1 s", "6 s", "10 s", "1 min 0 s", "1 min 55 s"]


def test_percentage_has_no_decimals():
    assert [format_percent(share) for share in (0, 0.925, 1)] == ["0%", "92%", "100%"]


def test_stages_and_networks_are_shown_in_plain_words():
    assert name_stage("Computing bottlenecks") == "Looking at the pictures"
    assert [name_stage(stage) for stage in ("Testing", "")] == ["Testing", ""]
    shown = {"sky": "Sky", "everyday": "Everyday", "mobilenet_0.50_224": "MobileNet 0.50, 224 px"}
    assert {name: name_network(name) for name in shown} == shown


def test_time_of_another_day_includes_date():
    now = datetime.now(UTC)
    assert format_time(now.isoformat()) == f"{now:%H:%M}"
    assert format_time(now.isoformat(), seconds=True) == f"{now:%H:%M:%S}"
    assert format_time("2024-02-03T04:05:06+00:00") == "3 Feb 04:05"


def test_duration_without_end_lasts_until_now():
    assert count_seconds("2024-01-01T00:00:00+00:00", "2024-01-01T00:01:30+00:00") == 90
    start = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    assert 5 <= count_seconds(start, None) < 8
    assert count_seconds("2024-01-01T00:01:00+00:00", "2024-01-01T00:00:00+00:00") == 0
