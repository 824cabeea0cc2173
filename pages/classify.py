"""The Classify page: a model labels new pictures."""

import streamlit as st

from cluster_core.errors import ImageError
from cluster_core.images import is_fits
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from pages.components.classify.example_view import show_examples
from pages.components.classify.fits_view import show_fits
from pages.components.classify.loaded_models import obtain_predictor
from pages.components.classify.prediction_table import answer_all, show_many
from pages.components.classify.prediction_view import show_answer
from pages.components.classify.session_predictions import predict_view
from pages.components.model_picker import pick_model
from pages.components.picture_input import EXAMPLE, InputPicture, ask_for_pictures
from pages.components.text import escape_markdown

_MAGIC_BYTES = 10


def show_one(model: ModelSummary, predictor: Predictor, picture: InputPicture) -> None:
    """Draw the full answer for one picture, or say why it cannot be read."""
    if is_fits(picture.read()[:_MAGIC_BYTES]):
        show_fits(model, predictor, picture)
        return
    try:
        show_answer(predict_view(model, predictor, picture), picture.name, model)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/broken_image:")


def show_answers(model: ModelSummary, predictor: Predictor, pictures: list[InputPicture]) -> None:
    """Draw one answer in full, or several as a table."""
    if len(pictures) == 1:
        show_one(model, predictor, pictures[0])
    elif pictures:
        picked = show_many(model, answer_all(model, predictor, pictures))
        if picked is not None:
            show_one(model, predictor, picked)


st.title("Classify")
chosen_model = pick_model()
given = ask_for_pictures()
examples, answers = st.empty(), st.empty()
if chosen_model is not None and (given or EXAMPLE in st.session_state):
    loaded = obtain_predictor(chosen_model)
    if loaded is not None and EXAMPLE in st.session_state:
        with examples.container():
            show_examples(chosen_model, loaded)
    if loaded is not None:
        # Streamlit would otherwise show the old answers, greyed out, until the new ones are ready.
        answers.empty()
        with answers.container():
            show_answers(chosen_model, loaded, given)
