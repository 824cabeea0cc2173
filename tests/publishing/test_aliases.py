from __future__ import annotations

import pytest

from cluster_core.errors import PublishError
from cluster_core.publishing.aliases import check_alias, is_alias, is_content_id, make_alias


@pytest.mark.parametrize(
    ("title", "alias"),
    [
        ("Star clusters", "star-clusters"),
        ("  Äpfel & Birnen, 2. Klasse! ", "apfel-birnen-2-klasse"),
        ("星団", "model"),
        ("0123456789abcdef", "model"),
        ("../../etc", "etc"),
        ("x" * 200, "x" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_title_becomes_an_alias(title, alias):
    assert make_alias(title) == alias
    assert check_alias(alias) == alias


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "a b",
        "-a",
        "a-",
        "a--b",
        "../a",
        "a/b",
        "a.b",
        ".a",
        "a\n",
        "é",
        "x" * 61,
        "a" * 16,
    ],
)
def test_what_cannot_be_part_of_a_link_is_refused(text):
    assert not is_alias(text)
    with pytest.raises(PublishError, match="cannot be part of a link") as caught:
        check_alias(text)
    assert caught.value.alias == text


def test_alias_numbered_by_an_undo_stays_usable():
    assert is_alias("clusters (2)")


def test_content_ids_are_16_hexadecimal_digits():
    assert is_content_id("0123456789abcdef")
    assert not any(map(is_content_id, ["", "0123456789abcde", "0123456789ABCDEF", "g" * 16]))
