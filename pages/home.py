"""The first page: try a model on a picture, and learn how to train one."""

from pathlib import Path

import streamlit as st

from cluster_core.data.mapping import count_usable_cpus
from cluster_core.errors import ImageError
from cluster_core.images import decode_image
from cluster_core.model.bundle import load_bundle
from cluster_core.model.bundle_files import MANIFEST
from cluster_core.model.prediction import Predictor
from cluster_core.model.selection import choose_bundle_folder
from cluster_core.model.weights import hash_file
from cluster_core.workspace import Workspace

TRAIN_COMMAND = "python -m cluster_core.retrain --image_dir=tf_files/cluster_photos"
PICTURE_TYPES = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif", "fits", "fit", "fts"]


@st.cache_resource(max_entries=4, show_spinner="Loading the model …")
def load_predictor(folder: str, manifest_sha256: str) -> Predictor:
    """Load a model once for all visitors; a changed manifest is another model."""
    return Predictor(load_bundle(Path(folder)), Workspace.default(), count_usable_cpus())


st.title("Cluster Lab")
st.write(
    "Teach a computer to tell pictures apart: globular or open star cluster, or any folders of "
    "your own. It learns from a few dozen pictures a class, in seconds, on this machine."
)
folder = choose_bundle_folder(Workspace.default())
predictor = load_predictor(str(folder), hash_file(folder / MANIFEST))
st.subheader("What does your picture show?")
st.caption(f"The model {predictor.bundle.name} tells apart: {', '.join(predictor.bundle.labels)}.")
for file in st.file_uploader("Pictures", type=PICTURE_TYPES, accept_multiple_files=True):
    try:
        prediction = predictor.predict_file(file.getvalue(), file.name)
    except ImageError as error:
        st.error(str(error), icon=":material/broken_image:")
        continue
    picture, answer = st.columns([1, 2])
    picture.image(decode_image(file.getvalue(), file.name, min_side_px=300))
    answer.markdown(f"**{prediction.label}**, {prediction.score:.0%}")
    for label, score in prediction.scores.items():
        answer.progress(score, text=f"{label} {score:.1%}")
    answer.caption(f"{file.name}, answered in {prediction.seconds * 1000:.0f} ms")

with st.expander("Teach it your own classes", icon=":material/school:"):
    st.write(
        "Put pictures into `tf_files/cluster_photos/`, a sub-folder for each class, then train "
        "from a terminal. The newest model answers here."
    )
    st.code(TRAIN_COMMAND, language="bash")
