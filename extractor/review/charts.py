"""Numbers by year in, options of charts out, in the colours of the theme.

Colours are the names of CSS properties: charts are drawn as SVG, so that they follow the theme of
the page. Series differ in pattern, too, and what is shown is told to those who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Options = dict[str, Any]

_N_COLOURS = 6
_TEXT = {"color": "var(--ink)"}
_QUIET = {"color": "var(--quiet)"}


def bars(
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    told: str,
    *,
    is_share: bool = False,
    is_flat: bool = False,
) -> Options:
    """A bar for each name; several series stand on each other.

    Args:
        names: of the bars.
        series: a label, and a number (or percentage) for each name; None where there is none.
        told: what is shown, in a sentence.
        is_share: the numbers are percentages.
        is_flat: bars run from left to right, the first one on top.
    """
    numbers: Options = {
        "type": "value",
        "axisLabel": _QUIET | ({"formatter": "{value}%"} if is_share else {}),
        "splitLine": {"lineStyle": {"color": "var(--line)"}},
    }
    if is_share and len(series) > 1:
        numbers["max"] = 100
    named: Options = {
        "type": "category",
        "data": list(names),
        "inverse": is_flat,
        "axisLabel": _TEXT | ({"width": 180, "overflow": "truncate"} if is_flat else {}),
        "axisLine": {"lineStyle": {"color": "var(--strong-line)"}},
        "axisTick": {"show": False},
    }
    options: Options = {
        "aria": {
            "enabled": True,
            "label": {"description": told},
            "decal": {"show": len(series) > 1},
        },
        "animation": False,
        "color": [f"var(--series-{i + 1})" for i in range(_N_COLOURS)],
        "grid": {"left": 8, "right": 24, "top": 48 if len(series) > 1 else 16, "bottom": 8},
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "none"},
            "backgroundColor": "var(--paper)",
            "borderColor": "var(--strong-line)",
            "textStyle": _TEXT,
            "confine": True,
        },
        "xAxis": numbers if is_flat else named,
        "yAxis": named if is_flat else numbers,
        "series": [
            {
                "type": "bar",
                "name": label,
                "data": list(values),
                "stack": "all",
                "barMaxWidth": 48,
                "emphasis": {"disabled": True},
                "itemStyle": {"borderColor": "var(--paper)", "borderWidth": 1},
            }
            for label, values in series
        ],
    }
    if len(series) > 1:
        options["legend"] = {"type": "scroll", "top": 0, "left": 0, "textStyle": _TEXT}
    return options
