from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from cluster_core.publishing.gallery import make_gallery, make_missing_page, make_policy
from tests.publishing.samples import publish_starter, simple_pages  # noqa: F401 (a fixture)
from tests.samples import draw_blob, save_picture

pytestmark = pytest.mark.usefixtures("simple_pages")


def test_empty_gallery_says_how_to_publish():
    assert "publishes a model on the Models page" in make_gallery([])


def test_model_is_shown_with_its_classes_and_first_example(workspace, tmp_path):
    picture = save_picture(tmp_path / "a.jpg", draw_blob(1))
    model = publish_starter(workspace, description="Globular or open?", examples=(picture,))
    page = make_gallery([model])
    assert '<a href="star-clusters/"><img src="star-clusters/example-1.jpg"' in page
    for text in ("Star clusters", "Globular or open?", "globular clusters, open clusters"):
        assert text in page


def test_texts_of_owners_are_escaped(workspace):
    hostile = "<script>alert(1)</script>{{style}}"
    model = replace(
        publish_starter(workspace), title=hostile, description=hostile, labels=(hostile,)
    )
    page = make_gallery([model])
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{style}}") == 3


def test_many_classes_are_shortened(workspace):
    model = replace(publish_starter(workspace), labels=tuple(f"class {n}" for n in range(100)))
    assert "class 11 and 88 more" in make_gallery([model])


def test_wrong_link_leads_to_the_gallery():
    page = make_missing_page("../../")
    assert "There is nothing at this link" in page
    assert '<a href="../../">' in page


def test_policy_allows_the_style_of_the_page_and_no_script():
    style = re.search("<style>(.*?)</style>", make_gallery([]), re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in make_policy()
    assert "script-src" not in make_policy()
    assert "default-src 'none'" in make_policy()
