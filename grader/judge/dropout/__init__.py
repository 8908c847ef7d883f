"""Judges dropout by properties of every right mask, instead of by one mask. docs/dropout.md has the derivation.

laws        the range of a count under chance alone: the level of a check, and the two bounds that share it
pairs       the pairs of elements that are compared: every lag, along every axis and in every order, and every mirror
structure   whether the elements of a mask, and of two masks, are independent
forward     the output in training, of one call or of several
backward    the gradient, by the mask of the submission's own forward pass
values      scale and shape of the numbers themselves
"""

from grader.judge.dropout.backward import judge_backward
from grader.judge.dropout.forward import indistinguishable, judge_forward

__all__ = ["indistinguishable", "judge_backward", "judge_forward"]
