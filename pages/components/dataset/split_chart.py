"""How many pictures each class has, and what they will be used for, as a chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt

from cluster_core.data.splits import Split

# In the order of the work; told apart by people who see colours differently.
USES = {
    "to learn from": "#4C78D8",
    "to watch it with": "#E8871E",
    "for the final test": "#3AA887",
    "set aside": "#9A9A9A",
}
PICTURES = "pictures"
_BAR_PX = 46
_AXES_PX = 140


@dataclass(frozen=True)
class Share:
    """Pictures of a class with one use."""

    label: str
    use: str
    count: int


def count_shares(counts: Mapping[str, int], split: Split | None) -> list[Share]:
    """Count the pictures of every class by their use; all alike where there is no split.

    Parameters
    ----------
    counts : mapping of str to int
        Pictures of each class.
    split : Split or None
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
    """Draw a bar for each class, in pieces for what its pictures are used for."""
    uses = [use for use in (*USES, PICTURES) if any(share.use == use for share in shares)]
    labels = list(dict.fromkeys(share.label for share in shares))
    colours = [USES.get(use, USES["to learn from"]) for use in uses]
    rows = [
        {
            "class": share.label,
            "use": share.use,
            "pictures": share.count,
            "order": uses.index(share.use),
        }
        for share in shares
    ]
    # In two columns: a phone cuts off what does not fit a line.
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
