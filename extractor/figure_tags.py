"""The most likely tags of a text as a whole: a figure has one key, and a number is in it or not.

The network answers every character by itself, so that the 2 of 2548件 may go to one key and the
548件 to another. Among all taggings in which `I-key` continues the same key and no figure begins or
ends within a number, the one with the highest product of probabilities is taken (Viterbi, "Error
bounds for convolutional codes and an asymptotically optimum decoding algorithm", 1967), so that the
characters of a number decide together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6
"""What is less likely counts as this much: no character may forbid a tag by itself."""
_SURELY_NONE = 0.99
_DIGITS = np.array([ord(c) for c in "0123456789"])
_SEPARATORS = np.array([ord(c) for c in ".,"])


def within_number(codes: NDArray[np.int32], starts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """For every character (T,) whether it continues the number that the one before belongs to.

    Args:
        codes: code points of canonical characters (T,).
        starts: above 0 where a fragment begins (T,): two cells are two numbers.
    """
    is_digit = np.isin(codes, _DIGITS)
    before = np.concatenate([[False], is_digit[:-1]])
    after = np.concatenate([is_digit[1:], [False]])
    part = is_digit | (np.isin(codes, _SEPARATORS) & before & after)
    found: NDArray[np.bool_] = part & np.concatenate([[False], part[:-1]]) & (starts == 0)
    return found


def in_no_figure(
    shares: NDArray[np.float32], continues: NDArray[np.bool_], *, goes_on: bool = False
) -> NDArray[np.bool_]:
    """Where a text can be cut: the characters (T,) that surely are in no figure, nor in a number
    that might be.

    Args:
        shares: as `best_tags` has them.
        continues: as `best_tags` has them.
        goes_on: whether the last character is within a number that goes on behind it.
    """
    is_before = np.concatenate([continues[1:], [goes_on]])
    found: NDArray[np.bool_] = (shares[:, 0] > _SURELY_NONE) & ~continues & ~is_before
    return found


def best_tags(shares: NDArray[np.float32], continues: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The tags (T,) by their number: 0 for none, then B and I of every key side by side.

    Args:
        shares: probabilities of the tags of every character (T, 1 + 2 K).
        continues: from `within_number` (T,).
    """
    tags = np.zeros(len(shares), np.int64)
    open_places = np.flatnonzero(~in_no_figure(shares, continues))
    cuts = np.flatnonzero(np.diff(open_places) > 1) + 1
    for run in np.split(open_places, cuts):
        if len(run):
            part = slice(run[0], run[-1] + 1)
            tags[part] = _viterbi(np.log(np.maximum(shares[part], _LEAST)), continues[part])
    return tags


def _viterbi(logs: NDArray[np.float32], continues: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The tags (T,) of T > 0 characters from the logarithms of their shares."""
    none, begin, inside = logs[:, 0], logs[:, 1::2], logs[:, 2::2]
    t, keys = begin.shape
    begins, goes_on = 1 + 2 * np.arange(keys), 2 + 2 * np.arange(keys)
    never = np.full(keys, -np.inf, np.float32)
    # The best tagging up to here that ends in no figure, in one that begins here, in one that goes
    # on here; and the tag that each had before.
    out, first, more = none[0], begin[0], never
    before_new = np.zeros(t, np.int64)  # of none and of every B
    before_more = np.zeros((t, keys), np.int64)
    for i in range(1, t):
        open_figure = np.maximum(first, more)
        before_more[i] = np.where(more > first, goes_on, begins)
        if continues[i]:
            out, first, more = out + none[i], never, open_figure + inside[i]
            continue
        best = int(open_figure.argmax())
        whole = max(out, open_figure[best])
        before_new[i] = 0 if out >= open_figure[best] else before_more[i, best]
        out, first, more = whole + none[i], whole + begin[i], open_figure + inside[i]
    scores = np.empty(1 + 2 * keys)
    scores[0], scores[1::2], scores[2::2] = out, first, more
    tags = np.zeros(t, np.int64)
    tag = int(scores.argmax())
    for i in range(t - 1, -1, -1):
        tags[i] = tag
        if tag == 0 and continues[i]:
            continue
        tag = int(before_new[i] if tag == 0 or tag % 2 else before_more[i, (tag - 2) // 2])
    return tags
