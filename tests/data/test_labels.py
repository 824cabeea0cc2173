from __future__ import annotations

import pytest

from cluster_core.data.labels import find_label_problem


@pytest.mark.parametrize("label", ["open clusters", "Kugelhäufen", "👩‍🚀", "a  b", "=1+1", "*"])
def test_names_that_are_one_line_of_text_will_do(label):
    assert find_label_problem(label) is None


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("a\nb", "a line break"),
        ("a\u2028b", "a line break"),
        ("a\x1b[2Jb", "a control character"),
        ("a\tb", "a control character"),
        ("caf\udce9", "bytes that are not UTF-8"),
    ],
)
def test_others_are_told_by_what_they_have(label, problem):
    assert find_label_problem(label) == problem
