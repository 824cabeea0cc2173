"""The first page: try a model on a picture, and learn how to train one."""

import shlex
from pathlib import Path

import streamlit as st

from cluster_core.data.mapping import count_usable_cpus
from cluster_core.errors import ImageError
from cluster_core.images import IMAGE_SUFFIXES, decode_image
from cluster_core.model.bundle import load_bundle
from cluster_core.model.bundle_files import MANIFEST
from cluster_core.model.prediction import Predictor
from cluster_core.model.selection import choose_bundle_folder
from cluster_core.model.weights import hash_file
from cluster_core.workspace import Workspace
from pages.components.text import escape_markdown

PICTURE_TYPES = sorted(IMAGE_SUFFIXES)


@st.cache_resource(max_entries=4, show_spinner="Loading the model …")
def load_predictor(folder: str, manifest_sha256: str) -> Predictor:
    """Load a model once for all visitors; a changed manifest is another model."""
    return Predictor(load_bundle(Path(folder)), Workspace.default(), count_usable_cpus())


st.title("Cluster Lab")
st.write(
    "Teach a computer to tell pictures apart: globular or open star cluster, or any folders of "
    "your own. It learns from a few dozen pictures a class, in seconds, on this machine."
)
photos = Workspace.default().cluster_photos
folder = choose_bundle_folder(Workspace.default())
predictor = load_predictor(str(folder), hash_file(folder / MANIFEST))
st.subheader("What does your picture show?")
bundle = predictor.bundle
st.caption(escape_markdown(f"The model {bundle.name} tells apart: {', '.join(bundle.labels)}."))
for file in st.file_uploader("Pictures", type=PICTURE_TYPES, accept_multiple_files=True):
    try:
        pixels = decode_image(
            file.getvalue(),
            file.name,
            stretch=bundle.preprocessing.stretch,
            min_side_px=bundle.preprocessing.size_px,
        )
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/broken_image:")
        continue
    picture, answer = st.columns([1, 2])
    picture.image(pixels)
    prediction = predictor.predict_pixels(pixels)
    answer.markdown(f"**{escape_markdown(prediction.label)}**, {prediction.score:.0%}")
    for label, score in prediction.scores.items():
        answer.progress(score, text=f"{escape_markdown(label)} {score:.1%}")
    answer.caption(f"{escape_markdown(file.name)}, answered in {prediction.seconds * 1000:.0f} ms")

with st.expander("Teach it your own classes", icon=":material/school:"):
    st.write(
        f"Put pictures into `{photos}`, a sub-folder for each class, then train "
        "from a terminal. The newest model answers here."
    )
    image_dir = shlex.quote(f"--image_dir={photos}")
    st.code(f"python -m cluster_core.retrain {image_dir}", language="bash")
