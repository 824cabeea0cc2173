"""API keys and examples on the Models page."""

from __future__ import annotations

import pytest

from cluster_core.access import Access
from cluster_core.api.keys import Scope, create_key, find_key, list_keys
from tests.pages.opening import open_file

OWNER = Access.owner()


def list_texts(page) -> str:
    return "\n".join(part.value for part in [*page.markdown, *page.success, *page.error])


def test_key_is_shown_once_and_revoked_after_a_question(workspace):
    page = open_file("models.py")
    page.text_input(key="key_name").set_value("telescope")
    page.button_group(key="key_scopes").set_value([Scope.CLASSIFY])
    page.button(key="make_key").click().run()
    (secret,) = (code.value for code in page.code)
    key = find_key(workspace, secret)
    assert (key.name, key.scopes) == ("telescope", (Scope.CLASSIFY,))
    assert "**telescope** may classify pictures" in list_texts(page)
    assert f"id {key.id}" in list_texts(page)  # as the command `keys revoke` wants it
    page.button(key="key_copied").click().run()
    assert not page.code
    page.button(key=f"revoke_{key.id}").click().run()
    assert list_keys(OWNER, workspace) == (key,)
    page.button(key="confirm_revoke_key").click().run()
    assert not page.exception
    assert "Revoked the API key telescope." in list_texts(page)
    assert find_key(workspace, secret) is None


def test_key_without_a_name_is_refused_in_a_sentence(workspace):
    page = open_file("models.py")
    page.button(key="make_key").click().run()
    assert "1 to 60 visible characters" in page.error[0].value
    assert not page.code
    assert list_keys(OWNER, workspace) == ()


def test_name_of_a_key_is_drawn_literally(workspace):
    create_key(OWNER, workspace, "*[x](y)* <b>")
    assert r"**\*\[x\]\(y\)\* \<b\>** may" in list_texts(open_file("models.py"))


@pytest.mark.parametrize("language", ["curl", "urllib.request", "fetch("])
def test_examples_name_the_model(workspace, language):
    page = open_file("models.py", model="starter")
    (program,) = (code.value for code in page.code if language in code.value)
    assert "/api/v1/models/starter/classify" in program
