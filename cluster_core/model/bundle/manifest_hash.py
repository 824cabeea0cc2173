"""The hashes that identify a model by its manifest, and the text of a changed one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cluster_core.model.bundle.accuracy import CROSS_VALIDATION
from cluster_core.model.bundle.untrusted_files import parse_manifest
from cluster_core.storage.saved_values import MALFORMED_ERRORS

_CHANGEABLE = frozenset({"title", "unsure_below"})  # by `collection`, in the manifest


# An imported manifest may hold what UTF-8 cannot encode, in escapes that JSON has anyway.
UNENCODABLE = "backslashreplace"


def format_manifest(manifest: Mapping[str, Any], earlier: bytes) -> str:
    """Return a manifest as JSON in the style of an earlier version of its file.

    So nothing but what was changed differs, and `hash_manifest` can undo a change. It is to be
    written in UTF-8, with `UNENCODABLE`.
    """
    return json.dumps(manifest, indent=2, ensure_ascii=earlier.isascii())


def hash_manifest(content: bytes) -> str:
    """Return the hash of a manifest file, as it was before its model was cross-validated.

    Answers, links and loaded models are kept by it, and a cross-validation, which is often
    measured later, changes no answer.

    Parameters
    ----------
    content : bytes
        The file, which may contain anything.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    if CROSS_VALIDATION.encode() in content:
        try:
            manifest = parse_manifest(content.decode())
            del manifest["metrics"][CROSS_VALIDATION]
            content = format_manifest(manifest, content).encode(errors=UNENCODABLE)
        except MALFORMED_ERRORS:  # of a damaged or foreign model
            pass
    return hashlib.sha256(content).hexdigest()


def hash_content(manifest: Mapping[str, Any]) -> str:
    """Return a hash of all in a manifest that neither its owner nor a measurement may change."""
    fixed = {key: value for key, value in manifest.items() if key not in _CHANGEABLE}
    if isinstance(metrics := manifest.get("metrics"), Mapping):  # measured later, by request
        fixed["metrics"] = {key: metrics[key] for key in metrics if key != CROSS_VALIDATION}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
