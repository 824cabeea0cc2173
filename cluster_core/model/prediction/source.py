"""Where answers come from: the model and the program that gave them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster_core.errors import BundleError
from cluster_core.model.bundle.bundle import DEFAULT_UNSURE_BELOW, ModelBundle
from cluster_core.model.bundle.selection import get_model_id, model_dir
from cluster_core.model.bundle.summaries import ModelSummary, describe_model
from cluster_core.version import __version__
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class AnswerSource:
    """The model that answered.

    Attributes
    ----------
    labels : tuple of str
        Its classes.
    id : str
        Name of its folder, or `starter`.
    title : str
        Name shown to users.
    unsure_below : float
        Its answers are unsure below this score, rounded to two digits.
    fingerprint : str
        Differs for models that answer differently; empty if it was not computed.
    created : str
        When the model was trained, in ISO 8601; empty if that is not known.
    """

    labels: tuple[str, ...]
    id: str
    title: str
    unsure_below: float = DEFAULT_UNSURE_BELOW
    fingerprint: str = ""
    created: str = ""

    @classmethod
    def of(cls, model: ModelSummary) -> AnswerSource:
        """Return the source for a model of a list."""
        fingerprint = model.content_sha256
        return cls(model.labels, model.id, model.title, model.unsure_below, fingerprint)

    @classmethod
    def of_bundle(
        cls, bundle: ModelBundle, folder: Path | None, workspace: Workspace
    ) -> AnswerSource:
        """Return the source for a loaded model.

        Parameters
        ----------
        bundle : ModelBundle
            The model.
        folder : Path or None
            Its folder, if the user named it; None for a model of the workspace.
        workspace : Workspace
            The workspace of the model.
        """
        known = (bundle.unsure_below, _compute_fingerprint(bundle), bundle.created)
        try:
            folder = folder or model_dir(workspace, get_model_id(Path(bundle.name)))
        except BundleError:  # deleted since it was loaded, or its folder is a link
            name = bundle.name
            return cls(bundle.labels, name, name, *known)
        model = describe_model(folder)
        return cls(bundle.labels, model.id, model.title, *known)

    def describe(self) -> Mapping[str, str | float]:
        """Return what every row of a table repeats: the threshold, the model and the program.

        Returns
        -------
        mapping of str to (str or float)
            `unsure_below` (a verdict is "unsure" below this score, rounded to two digits),
            `model` (its title), `model_id` and `program` (name and version).
        """
        return {
            "unsure_below": self.unsure_below,
            "model": self.title,
            "model_id": self.id,
            "program": f"cluster-lab {__version__}",
        }


def _compute_fingerprint(bundle: ModelBundle) -> str:
    record = (bundle.created, bundle.labels, bundle.backbone, bundle.preprocessing, bundle.views)
    weights = np.ascontiguousarray(bundle.head.weights).tobytes()
    return hashlib.sha256(repr(record).encode() + weights).hexdigest()
