"""The static page of a model, on any web server, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.export.web import PageText, export_web
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.workspace import Workspace
from tests.browser.file_kinds import KINDS, write_files
from tests.browser.pictures import render_files, render_galaxy
from tests.browser.static_page import classify_in_page, open_page, serve_folder

TITLE = "Globular or <open>?"
N_FILES = len(KINDS) + 3
MAX_DIFFERENCE, MEDIAN_DIFFERENCE = 0.02, 1e-3
PHONE = {"width": 390, "height": 844}
DARK, LIGHT = "rgb(13, 19, 34)", "rgb(251, 252, 254)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of the starter model in a sub-folder."""
    folder = tmp_path_factory.mktemp("site")
    example = render_files(folder.with_name("examples"), 1)
    text = PageText(TITLE, "For star clusters.", tuple(example), "https://example.org/lab")
    bundle = load_bundle(ASSETS / STARTER)
    export_web(bundle, Workspace(folder.with_name("nothing")), folder / "models" / "one", text)
    return folder


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """Address of the page."""
    with serve_folder(site) as root:
        yield f"{root}/models/one/"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_answers_of_many_kinds_of_files_equal_those_of_python(page, url, tmp_path):
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    open_page(page, url)
    files = write_files(tmp_path / "files", N_FILES)
    answers = classify_in_page(page, files)
    bundle = load_bundle(ASSETS / STARTER)
    predictor = Predictor(bundle, Workspace.default())
    differences = []
    for path, answer in zip(files, answers, strict=True):
        expected = predictor.predict_file(path.read_bytes(), path.name)
        assert answer.label == expected.label, path.name
        assert answer.verdict == expected.verdict.value, path.name
        scores = [expected.scores[label] for label in bundle.labels]
        differences.append(np.abs(np.array(answer.scores) - scores).max())
        assert answer.novelty == pytest.approx(expected.novelty, abs=MAX_DIFFERENCE), path.name
    assert max(differences) <= MAX_DIFFERENCE
    assert np.median(differences) <= MEDIAN_DIFFERENCE
    assert all(request.startswith((url, "blob:")) for request in requests)
    assert not [text for text in complaints if "Content Security Policy" in text]


def test_resizing_equals_pillow(page, url):
    page.goto(f"{url}style.css")
    random = np.random.default_rng(0)
    sizes = ((1, 1), (7, 300), (300, 7), (128, 128), (129, 127), (255, 513), (700, 555), (999, 258))
    for height, width in sizes:
        pixels = random.integers(0, 256, (height, width, 3), np.uint8)
        resized = page.evaluate(
            """async ([pixels, width, height]) => {
                const { shrink } = await import('./js/resizing.js');
                return [...shrink({ pixels: Uint8Array.from(pixels), width, height }, 128).pixels];
            }""",
            [pixels.ravel().tolist(), width, height],
        )
        expected = Preprocessing(128).shrink(pixels)
        assert resized == expected.ravel().tolist(), (height, width)


def test_page_shows_owners_texts_examples_card_and_heat_map(page, url):
    open_page(page, url)
    expect(page).to_have_title(TITLE)
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.get_by_text("never sent anywhere")).to_be_visible()
    expect(page.get_by_role("link", name="example.org")).to_have_attribute(
        "href", "https://example.org/lab"
    )
    page.get_by_role("button", name="Example 1").click()
    expect(page.get_by_role("heading", name=re.compile("cluster$"), level=2)).to_be_visible()
    picture = page.locator(".answer canvas")
    before = picture.evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("button", name="Why?").click()
    assert picture.evaluate("canvas => canvas.toDataURL()") != before
    page.get_by_text("How good it is").click()
    expect(page.get_by_text("simulated sky only")).to_be_visible()


def test_galaxy_is_none_of_these(page, url, tmp_path):
    open_page(page, url)
    [answer] = classify_in_page(page, [render_galaxy(tmp_path / "galaxy.jpg")])
    assert answer.headline == "None of these"


def test_files_that_are_not_answered_get_one_sentence_each(page, url, tmp_path):
    (tmp_path / "M51.fits").write_bytes(b"SIMPLE  =                    T".ljust(2880))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "empty.jpg").touch()
    Image.new("RGB", (50, 50), "blue").save(tmp_path / "blank.png")
    [whole] = render_files(tmp_path, 1)
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 100)
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:40])
    expected = {
        "M51.fits": "use the model in Cluster Lab itself",
        "notes.txt": "choose a JPEG or PNG file",
        "empty.jpg": "is empty",
        "blank.png": "is blank",
        "cut.png": "is damaged",
        "cut.jpg": "is damaged",
    }
    open_page(page, url)
    answers = classify_in_page(page, [tmp_path / name for name in expected])
    for answer, (name, sentence) in zip(answers, expected.items(), strict=True):
        assert answer.headline == "This file cannot be used", name
        assert name in answer.sentence
        assert sentence in answer.sentence
    expect(page.get_by_text("6 pictures: 6 without an answer")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".answer")).to_have_count(0)


def test_page_works_offline_after_one_visit(page, site, tmp_path):
    [picture] = render_files(tmp_path, 1)
    with serve_folder(site) as root:
        open_page(page, f"{root}/models/one/?theme=dark")
        page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    [answer] = classify_in_page(page, [picture])
    assert answer.verdict == "label"


def test_theme_and_frame_follow_the_address(page, url):
    background = "getComputedStyle(document.body).backgroundColor"
    page.goto(f"{url}?theme=dark&embed=true")
    assert page.evaluate(background) == DARK
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    expect(page.get_by_text("Choose pictures")).to_be_visible()
    page.goto(f"{url}?theme=light")
    assert page.evaluate(background) == LIGHT
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_page_fits_a_phone(browser, url, tmp_path):
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    open_page(page, url)
    classify_in_page(page, render_files(tmp_path, 1))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_browser_that_cannot_run_the_model_is_told_so(context, url):
    context.add_init_script("delete self.WebAssembly")
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("status")).to_contain_text("This browser cannot run the model")


def test_page_opened_from_a_file_says_what_to_do(page, site):
    page.goto((site / "models" / "one" / "index.html").as_uri())
    expect(page.get_by_role("status")).to_contain_text("it does not work from a file")


def test_example_that_cannot_be_loaded_is_said(browser, url):
    context = browser.new_context(service_workers="block")  # which would have kept the example
    page = context.new_page()
    page.route("**/example-1.jpg", lambda route: route.abort())
    open_page(page, url)
    page.get_by_role("button", name="Example 1").click()
    expect(page.locator("#status")).to_contain_text("could not be loaded")
    context.close()
