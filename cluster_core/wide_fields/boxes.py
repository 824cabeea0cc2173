"""Boxes in a picture: where a cut-out is taken from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A part of a picture, in whole pixels.

    Attributes
    ----------
    left, top : int
        Its first column and row.
    width, height : int
        Its size; at least 1.
    """

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, centre: tuple[float, float], side: float, picture_size: tuple[int, int]) -> Box:
        """Return the square around a point, moved inside a picture if it reaches over its edge.

        Parameters
        ----------
        centre : tuple of float
            x and y in pixels, in the picture.
        side : float
            In pixels. A side that is longer than that of the picture is cut to it.
        picture_size : tuple of int
            Width and height.
        """
        starts, sizes = [], []
        for middle, whole in zip(centre, picture_size, strict=True):
            size = max(1, min(round(side), whole))
            starts.append(min(max(round(middle - (size - 1) / 2), 0), whole - size))
            sizes.append(size)
        return cls(starts[0], starts[1], sizes[0], sizes[1])

    @property
    def centre(self) -> tuple[float, float]:
        """Its centre in pixels, x and y."""
        return self.left + (self.width - 1) / 2, self.top + (self.height - 1) / 2

    def holds(self, x: float, y: float, share: float = 1.0) -> bool:
        """Tell whether a point is in the middle share, 0 to 1, of the width and the height."""
        middle_x, middle_y = self.centre
        return (
            abs(x - middle_x) <= share * self.width / 2
            and abs(y - middle_y) <= share * self.height / 2
        )
