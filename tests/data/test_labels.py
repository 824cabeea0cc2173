"""Rules for class and folder names."""

from __future__ import annotations

import pytest

from cluster_core.data.labels import (
    check_class_name,
    find_folder_name_problem,
    find_label_problem,
    fold_name,
)
from cluster_core.errors import DatasetError


@pytest.mark.parametrize("label", ["open clusters", "Kugelhäufen", "👩‍🚀", "a  b", "=1+1", "*"])
def test_single_line_label_is_accepted(label):
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
def test_invalid_label_is_described(label, problem):
    assert find_label_problem(label) == problem


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("open clusters", "open clusters"),
        ("  open clusters\n", "open clusters"),
        ("Kugelha\u0308ufen", "Kugelhäufen"),
        ("צביר כדורי", "צביר כדורי"),
        ("خوشهٔ باز", "خوشهٔ باز"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩‍🚀", "👩‍🚀"),
        ("it's #1 & 100 %", "it's #1 & 100 %"),
        ("M 13.2", "M 13.2"),
        ("console", "console"),
        ("com10", "com10"),
        ("-rf", "-rf"),
        ("a" * 100, "a" * 100),
    ],
)
def test_valid_name_is_normalised(name, stored):
    assert check_class_name(name) == stored


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        (" \t\n", "is empty"),
        ("\u200d", "is empty"),
        ("\u0301", "is empty"),
        ("..", "begins with a dot"),
        (".", "begins with a dot"),
        (".hidden", "begins with a dot"),
        ("a/b", "contains the character /"),
        ("a\\b", "contains the character \\"),
        ("/etc", "contains the character /"),
        ("C:", "contains the character :"),
        ("<script>", "contains the character <"),
        ("b>", "contains the character >"),
        ('"x"', 'contains the character "'),
        ("a|b", "contains the character |"),
        ("what?", "contains the character ?"),
        ("*", "contains the character *"),
        ("a\0b", "contains a control character"),
        ("a\x1bb", "contains a control character"),
        ("a\nb", "contains a line break"),
        ("a\u2028b", "contains a line break"),
        ("caf\udce9", "contains bytes that are not UTF-8"),
        ("a\ud800", "contains bytes that are not UTF-8"),
        ("gpj.\u202eexe", "contains an invisible character"),
        ("a\u200fb", "contains an invisible character"),
        ("a\u2067b", "contains an invisible character"),
        ("a\u200bb", "contains an invisible character"),
        ("a\u00adb", "contains an invisible character"),
        ("dot.", "or a dot"),
        ("CON", "is reserved by Windows"),
        ("nul", "is reserved by Windows"),
        ("Com1", "is reserved by Windows"),
        ("lpt9.photos", "is reserved by Windows"),
        ("COM¹", "is reserved by Windows"),
        ("AUX .x", "is reserved by Windows"),
        ("a" * 101, "is longer than 100 characters"),
        ("a" * 300, "is longer than 100 characters"),
        ("星" * 70, "or 200 bytes"),
    ],
)
def test_unportable_or_misleading_name_is_rejected(name, problem):
    with pytest.raises(DatasetError, match=r"A class cannot be called .*: choose a name") as caught:
        check_class_name(name)
    message = str(caught.value)
    assert problem in message
    assert len(message) < 220
    assert len(message.splitlines()) == 1
    message.encode()
    assert caught.value.label == name


@pytest.mark.parametrize("name", [" a", "a ", "a\u3000"])
def test_surrounding_space_is_a_problem(name):
    assert "a space" in find_folder_name_problem(name)


def test_folding_ignores_case_and_normal_form():
    assert fold_name("Kugelha\u0308ufen") == fold_name("KUGELHÄUFEN")
    assert fold_name("open") != fold_name("opens")
