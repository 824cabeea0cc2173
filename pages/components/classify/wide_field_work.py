"""Find the clusters in one large picture in the background, one picture on the server at a time."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PIL import Image

from cluster_core.access import Access, Action
from cluster_core.answers.found_fields import FoundCluster, FoundField
from cluster_core.errors import RunError
from cluster_core.images import ImageLimits
from cluster_core.model.prediction.details import shrink_to_show
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky_names.solving import RunLimits, find_shared_solver
from cluster_core.wide_fields import (
    FIELD_LIMITS,
    FieldCluster,
    FieldSearch,
    describe_cluster,
    draw_field,
    locate_field,
    make_records,
    name_cluster,
    read_field,
    write_table,
)
from pages.components.classify.background_task import BackgroundTask
from pages.components.picture_input import InputPicture

# A search holds a whole picture in memory.
_turn = threading.Lock()
_WAIT_S = 20.0
_VISITOR_LIMITS = ImageLimits(max_pixels=24_000_000, max_file_bytes=100_000_000)
_CUT_OUT_SIDE_PX = 1024


class FieldTask(BackgroundTask[FoundField]):
    """The search for clusters in a picture; the picture is in memory only while it runs.

    Parameters
    ----------
    access : Access
    predictor : Predictor
    picture : InputPicture
    keep : callable
        Takes what was found, also if the page has been left.
    by_catalogue : bool
        Whether the catalogue says where clusters are, if the position is known.

    Attributes
    ----------
    n_done, n_parts : int
        Parts of the picture that were looked at, and all; 0 while it is being read.

    Raises
    ------
    AccessError
        This server does not allow it.
    """

    def __init__(
        self,
        access: Access,
        predictor: Predictor,
        picture: InputPicture,
        keep: Callable[[FoundField], None],
        *,
        by_catalogue: bool,
    ) -> None:
        access.require(Action.CLASSIFY)
        super().__init__()
        self.n_done, self.n_parts = 0, 0
        self._predictor, self._keep = predictor, keep
        self._by_catalogue = by_catalogue
        # A solver takes all of a core for some seconds, which visitors do not get.
        self._solver = (
            find_shared_solver(access, RunLimits(is_stopped=self.is_stopped))
            if by_catalogue and access.allows(Action.SOLVE)
            else None
        )
        is_owner = access.allows(Action.EDIT_DATASETS) and access.root is None
        self._limits = FIELD_LIMITS if is_owner else _VISITOR_LIMITS
        self.start(partial(self._search, picture))

    def _search(self, picture: InputPicture) -> FoundField:
        if not _turn.acquire(timeout=_WAIT_S):
            raise RunError(
                "Somebody else's picture is being searched on this server: try again in a minute."
            )
        try:
            self._note_progress(0, 0)
            search, problem = self._prepare(picture)
            found = _show(search, problem, search.run(self._note_progress))
            self._keep(found)
            return found
        finally:
            _turn.release()

    def _prepare(self, picture: InputPicture) -> tuple[FieldSearch, str | None]:
        data, preprocessing = picture.read(), self._predictor.bundle.preprocessing
        field = read_field(data, picture.name, preprocessing, limits=self._limits)
        field, problem = locate_field(field, data, self._solver)
        return FieldSearch(self._predictor, field, by_catalogue=self._by_catalogue), problem

    def _note_progress(self, n_done: int, n_parts: int) -> None:
        if self.is_stopped():
            raise RunError("The search was stopped.")
        self.n_done, self.n_parts = n_done, n_parts


def _show(search: FieldSearch, problem: str | None, clusters: Sequence[FieldCluster]) -> FoundField:
    field = search.field
    table = io.StringIO(newline="")
    write_table(table, make_records(field, clusters))
    shown = tuple(
        FoundCluster(
            name_cluster(cluster, number),
            describe_cluster(cluster),
            _encode(shrink_to_show(field.cut_out(cluster.box), _CUT_OUT_SIDE_PX)),
        )
        for number, cluster in enumerate(clusters, start=1)
    )
    drawn = _encode(draw_field(field, clusters))
    csv = table.getvalue().encode("utf-8", "backslashreplace")
    return FoundField(field.name, drawn, shown, csv, search.by_catalogue, problem)


def _encode(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()
