"""A chart of the pictures per class and use (training, validation, test)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_core.data.splits import Split

if TYPE_CHECKING:
    import altair as alt

SET_ASIDE = "set aside"
# In workflow order, in colours that colour-blind people can distinguish.
USES = {
    "training": "#4C78D8",
    "validation": "#E8871E",
    "test": "#3AA887",
    SET_ASIDE: "#9A9A9A",
}
PICTURES = "pictures"
_BAR_PX = 46
_AXES_PX = 140


@dataclass(frozen=True)
class Share:
    """The pictures of a class with the same use.

    Attributes
    ----------
    label : str
    use : str
        A key of `USES`, or `PICTURES` if there is no split.
    count : int
    """

    label: str
    use: str
    count: int


def count_shares(counts: Mapping[str, int], split: Split | None) -> list[Share]:
    """Count the pictures of each class by use.

    Parameters
    ----------
    counts : mapping of str to int
        Pictures per class.
    split : Split or None
        None counts all pictures of a class together.

    Returns
    -------
    list of Share
        By class, then by use; without empty shares.
    """
    if split is None:
        return [Share(label, PICTURES, count) for label, count in counts.items()]
    sides = (split.training, split.validation, split.testing, split.set_aside)
    found = [
        (use, Counter(picture.label for picture in side))
        for use, side in zip(USES, sides, strict=True)
    ]
    return [
        Share(label, use, counted[label])
        for label in counts
        for use, counted in found
        if counted[label]
    ]


def draw_shares(shares: list[Share]) -> alt.Chart:
    """Return a chart with one stacked bar per class."""
    import altair as alt  # see charts.py

    uses = [use for use in (*USES, PICTURES) if any(share.use == use for share in shares)]
    labels = list(dict.fromkeys(share.label for share in shares))
    colours = [USES.get(use, USES["training"]) for use in uses]
    rows = [
        {
            "class": share.label,
            "use": share.use,
            "pictures": share.count,
            "order": uses.index(share.use),
        }
        for share in shares
    ]
    # Two columns, because a phone cuts off a longer row.
    legend = alt.Legend(orient="top", title=None, columns=2) if len(uses) > 1 else None
    return (
        alt.Chart({"values": rows})
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("class:N", sort=labels, title=None, axis=alt.Axis(labelLimit=160)),
            x=alt.X("pictures:Q", stack="zero", title="pictures", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("use:N", scale=alt.Scale(domain=uses, range=colours), legend=legend),
            order="order:Q",
            tooltip=[
                alt.Tooltip("class:N", title="class"),
                alt.Tooltip("use:N", title="use"),
                alt.Tooltip("pictures:Q", title="pictures", format=","),
            ],
        )
        .properties(height=_AXES_PX + _BAR_PX * max(1, len(labels)))
    )
