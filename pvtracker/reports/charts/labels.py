"""Which points of a scatter plot get their name written beside them, so that no two names overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER = 5.6  # px, a little more than the mean advance of 10 px text
CAPITAL = 6.9  # px, the same for capitals
LINE = 12.0  # px
GAP = 11.0  # px from the middle of a point to its name


def length(text: str) -> float:
    """About how many px a line of 10 px text takes, a little on the safe side."""
    return sum(CAPITAL if character.isupper() else CHARACTER for character in text)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float) -> Box:
        """The square that a point's marker takes."""
        return cls(x - 4, y - 4, x + 4, y + 4)

    def beside(self, side: str, text: str) -> Box:
        """Where a name stands at the left or right of this point."""
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        size = length(text)
        left = x + GAP if side == "right" else x - GAP - size
        return Box(left, y - LINE / 2, left + size, y + LINE / 2)

    def meets(self, other: Box) -> bool:
        """Whether two rectangles share any area."""
        apart = (
            self.right <= other.left
            or other.right <= self.left
            or self.bottom <= other.top
            or other.bottom <= self.top
        )
        return not apart


def place(points: Sequence[Box], names: Sequence[str], *, width: int, most: int) -> list[tuple[int, str]]:
    """Index and side (left, right) of up to `most` names, earlier points first.

    `names` may be shorter than `points`: the rest are obstacles only. A name may cover no point and no other
    name and must stay inside the plot; without room it is left out.
    """
    placed: list[Box] = []
    result: list[tuple[int, str]] = []
    for index, (point, name) in enumerate(zip(points, names, strict=False)):
        if len(result) == most:
            break
        middle = (point.left + point.right) / 2
        sides = ("right", "left") if middle >= width / 2 else ("left", "right")
        others = [other for number, other in enumerate(points) if number != index]
        for side in sides:
            box = point.beside(side, name)
            inside = box.left >= 0 and box.right <= width
            if inside and not any(box.meets(other) for other in [*others, *placed]):
                placed.append(box)
                result.append((index, side))
                break
    return result
