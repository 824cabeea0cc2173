"""The Classify page: a model labels new pictures."""

import streamlit as st

from cluster_core.answers.answering import Answerer
from cluster_core.errors import ClusterError
from pages.components.classify.answering import answer_waiting
from pages.components.classify.earlier_answers import may_answer, show_earlier
from pages.components.classify.example_view import list_kinds, show_examples
from pages.components.classify.kept_answers import show_kept
from pages.components.classify.kept_room import find_last_model, open_room
from pages.components.classify.label_unsure import follow_to_label
from pages.components.classify.live_camera import show_live_camera
from pages.components.classify.loaded_models import obtain_predictor
from pages.components.classify.opened_address import follow_address
from pages.components.classify.sort_folder import show_sort_folder
from pages.components.long_work import continue_work
from pages.components.model_picker import pick_model
from pages.components.outcome import show_outcome
from pages.components.picture_input import (
    EXAMPLE,
    LIVE,
    place_input,
    show_left_out,
    take_pictures,
)
from pages.components.text import escape_markdown

st.title("Classify")
notes = st.container()
with place_input(open_room()):
    chosen_model = pick_model(notes, find_last_model())
    # Clusters would tell nothing about a model of other things.
    has_examples = chosen_model is not None and bool(list_kinds(chosen_model))
    take_pictures(has_examples=has_examples)
show_left_out()
continue_work()
follow_to_label()
show_outcome()
follow_address()
room = open_room()
if chosen_model is not None and st.session_state[LIVE]:
    show_live_camera(chosen_model)
examples, answers = st.empty(), st.empty()
if room is not None and not may_answer(chosen_model, room):
    with answers.container():
        show_earlier(chosen_model, room)
    room = None
wants_examples = has_examples and EXAMPLE in st.session_state
if chosen_model is not None and (room is not None or wants_examples):
    loaded = obtain_predictor(chosen_model)
    if loaded is not None and wants_examples:
        with examples.container():
            show_examples(chosen_model, loaded)
    if loaded is not None and room is not None:
        # Streamlit would otherwise show the old answers, greyed out, until the new ones are ready.
        answers.empty()
        with answers.container():
            try:
                answer_waiting(Answerer(chosen_model, loaded), room)
            except ClusterError as error:
                st.error(escape_markdown(str(error)), icon=":material/error:")
            else:
                show_kept(chosen_model, loaded, room)
if chosen_model is not None:
    show_sort_folder(chosen_model)
