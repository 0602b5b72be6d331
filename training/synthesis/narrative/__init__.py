"""The prose around the tables: sentences with key figures, and everything that surrounds them.

The sentences are data. `patterns/*.yaml` hold those with key figures, a file for each group of
keys, `fillers.yaml` those without, `keys.yaml` the keys with their units and usual sizes;
`notation.py` explains how they are written. Every sentence belongs to one split and to no other.

What a sentence states is the truth, also where a table says otherwise. `scope` of a figure tells
what its clause makes of it; None is the plain total of the year:

    new                             新收, 新增: what was added in the year
    handled_including_carried_over  收办, 答复N件（含上年结转…）: together with last year's rest
    carried_over                    上年结转: last year's rest by itself (applications_received)
    cumulative                      历年累计: since the beginning
    part_of                         a part, by channel or kind, of a larger figure of the sentence
    own_office, whole_area          this office alone, or all bodies of the area
    wechat, weibo, video            whose followers
    solicitation, interview, interaction  which kind of consultation

`unit` is empty where none is printed, and the first unit of the key for a zero in words. Where one
zero word serves two keys, the second figure is marked on its noun: 未发生…行政诉讼. A gap in place
of a number (公开信息 条) is no figure, and neither are changes, goals and figures of other years.
"""

from training.synthesis.narrative.compose import (
    Narrative,
    say,
    statements,
    write,
)
from training.synthesis.narrative.notation import Pattern, PatternError, fillers, patterns

__all__ = [
    "Narrative",
    "Pattern",
    "PatternError",
    "fillers",
    "patterns",
    "say",
    "statements",
    "write",
]
