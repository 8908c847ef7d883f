"""Judges whether the elements of one mask, or of two masks, are independent, by families of pairs."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.judge.compare import Comparison
from grader.judge.dropout import pairs as looked_at
from grader.judge.dropout.laws import Array, Mask, evidence, greatest_mass, level, limits, needed
from grader.judge.dropout.pairs import Family

_ALIKE = 0.02
"""Two shares of agreement that differ by less count as equal; then the simpler explanation is used."""
_WHOLE = 0.98
"""The share of agreement from which neighbours are reported as always the same."""
_AT_ONCE = "draw the mask for the whole input at once, one number for each element"


_JUDGED: OrderedDict[bytes, Comparison | None] = OrderedDict()
"""The latest verdicts: the reference, variants and known mistakes of a test demand the same of a mask, and many
hand-ins draw the same one."""
_MOST_JUDGED = 500


@dataclass(frozen=True)
class _Finding:
    """A law that rejects a mask."""

    family: Family
    mask: int
    law: int

    @property
    def agreed(self) -> int:
        return int(self.family.agreed[self.mask, self.law])

    @property
    def pairs(self) -> int:
        return int(self.family.pairs[self.law])

    @property
    def share(self) -> float:
        return self.agreed / self.pairs


def judge_structure(kept: Mask, known: Mask, x: Array, keep: float, names: Sequence[str]) -> Comparison | None:
    """Return the failure if the elements of a mask depend on each other.

    Args:
        kept: shape (masks, *shape).
        known: True at elements whose input shows whether they are kept; of x's shape.
        x: the input.
        keep: the probability to keep.
        names: for each mask, the first words of its message; empty for the first mask.
    """
    if not 0 < keep < 1 or known.sum() < looked_at.SMALLEST_SLICE:
        return None
    about = hashlib.sha256(repr((kept.shape, x.dtype.str, x.shape, keep, tuple(names))).encode())
    for array in (kept, known, x):
        about.update(array.tobytes())
    key = about.digest()
    if key not in _JUDGED:
        _JUDGED[key] = _dependence(kept, known, x, keep, names)
        if len(_JUDGED) > _MOST_JUDGED:
            _JUDGED.popitem(last=False)
    return _JUDGED[key]


def _dependence(kept: Mask, known: Mask, x: Array, keep: float, names: Sequence[str]) -> Comparison | None:
    found = list(looked_at.families(kept, known, x))
    findings = _findings(found, keep, kept[:, known].mean(1))
    if not findings:
        return None
    first = min(finding.mask for finding in findings)
    message, hint = _explain([item for item in findings if item.mask == first], x.shape)
    return Comparison(False, names[first] + message, hint)


def judge_crossed(first: Mask, others: Mask, known: Mask, keep: float) -> Comparison | None:
    """Return the failure if one of `others`, of shape (masks, *shape), is the first mask, moved or mirrored."""
    if not 0 < keep < 1 or known.sum() < looked_at.SMALLEST_SLICE:
        return None
    seen = [float(mask[known].mean()) for mask in (first, *others)]
    if not _findings(list(looked_at.crossed(first, others, known)), keep, np.array(seen[1:])):
        return None
    return Comparison(
        False,
        "the mask of one call is that of another, moved or mirrored",
        "draw a new mask in every forward pass",
    )


def judge_counts(kept: Mask, known: Mask, keep: float) -> Comparison | None:
    """Return the failure if all masks, or all their slices along an axis, keep the same number of elements.

    All of r counts are equal with probability at most (mass of the likeliest)^(r − 1), because they are independent.
    """
    if not 0 < keep < 1:
        return None
    bound = np.log(level(known.ndim + 1))
    for axis in (None, *range(known.ndim)):
        others = tuple(i for i in range(known.ndim) if i != axis)
        sizes = known.sum(others if axis is not None else None)
        counts = (kept & known).sum(tuple(i + 1 for i in others) if axis is not None else tuple(range(1, kept.ndim)))
        if np.ptp(sizes) or np.ptp(counts):
            continue
        size, count = int(np.max(sizes)), int(np.max(counts))
        if (counts.size - 1) * greatest_mass(size, keep) < bound:
            where = "every mask" if axis is None else f"every slice along axis {axis}"
            return Comparison(
                False,
                f"{where} keeps exactly {count} of {size} elements",
                "each element is kept or dropped on its own, so that the number of those kept varies",
            )
    return None


def _findings(found: Sequence[Family], keep: float, seen: Array) -> list[_Finding]:
    """The laws that reject; `seen` is the share that each mask keeps.

    If a mask's kept share is wrong, its pairs also agree too often or too seldom. The rule on the kept fraction handles
    that. So a law counts only if it rejects with the seen share too.
    """
    need = needed(sum(family.agreed.size for family in found))
    findings = []
    for family in found:
        low, high = limits(family.pairs, keep, family.form, need)
        beyond = (family.agreed < low) | (family.agreed > high)
        for mask in np.flatnonzero(beyond.any(1)):
            places = np.flatnonzero(beyond[mask])
            agreed, pairs = family.agreed[mask, places], family.pairs[places]
            for share in (keep, float(np.clip(seen[mask], 1e-6, 1 - 1e-6))):
                enough = evidence(agreed, pairs, share, family.form) > need
                places, agreed, pairs = places[enough], agreed[enough], pairs[enough]
            findings += [_Finding(family, int(mask), int(law)) for law in places]
    return findings


def _explain(findings: Sequence[_Finding], shape: tuple[int, ...]) -> tuple[str, str]:
    """The message and the hint for the closest agreement; of equal ones, for the one that was tested first."""
    constant = [
        item.family.constant
        for item in findings
        if item.family.constant is not None and item.law == 0 and item.share >= _WHOLE
    ]
    if constant:
        return _constant([_shown(axis, shape) for axis in constant], shape)
    closest = max(item.share for item in findings)
    if closest < 0.5:  # the mask is copied inverted
        closest = min(item.share for item in findings)
    chosen = next(item for item in findings if abs(item.share - closest) <= _ALIKE)
    words = chosen.family.name(chosen.law)
    message = f"the mask depends on itself: {words} agree in {chosen.agreed} of {chosen.pairs} pairs"
    hint = "the mask must not follow from the input's values; draw it" if chosen.family.from_input else _AT_ONCE
    return message, hint


def _shown(axis: int, shape: tuple[int, ...]) -> int:
    """The axis of the input for an axis of the mask without axes of length 1."""
    return [place for place, size in enumerate(shape) if size > 1][axis]


def _constant(axes: Sequence[int], shape: tuple[int, ...]) -> tuple[str, str]:
    if len(axes) == len(shape) - 1 and 0 not in axes:
        return "a whole row is dropped or kept together", "draw one number for each element, not one for each row"
    if len(shape) == 2:
        return "every row has the same mask", "draw one number for each element, not one for each column"
    along = " and ".join(f"axis {axis}" for axis in axes)
    return (
        f"the mask is the same all along {along} of an input of shape {shape}",
        "draw one number for each element: the mask has the shape of the input",
    )
