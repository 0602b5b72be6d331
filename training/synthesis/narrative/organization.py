"""How a body speaks of itself in its report, as far as its name tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = re.compile(r"(.{2,}?)(自治县|自治州|街道|苏木|[省市州盟县区旗镇乡])")
_LEVELS = {"省": 1.0, "市": 1.0, "州": 1.0, "盟": 1.0, "县": 0.5, "区": 0.5, "旗": 0.5}
_BUREAU_LEVELS = {"省": 0.4, "市": 0.25, "州": 0.25, "盟": 0.25}
_COUNTY_BUREAU = 0.1

_ZONE = re.compile(r"(?:开发|园|保税|度假|新|示范)区(?:管理委员会|管委会)")
# The ending of an office's name, what it calls itself, the part of it that does the work, its head.
_OFFICES = (
    ("委员会", "我委", "委办公室", "主任"),
    ("办公室", "我办", "综合科", "主任"),
    ("局", "我局", "局办公室", "局长"),
    ("厅", "我厅", "厅办公室", "厅长"),
)


@dataclass(frozen=True, slots=True)
class Organization:
    """A body as its own report speaks of it.

    `level` is its size: 0 for towns, 1 for cities and provinces. `stem` is the name of its place
    without the kind of place (青石县民政局: 青石), `we` what it calls itself (我局), `area` what it
    is responsible for (全县), `office` the part that does the work (局办公室), `chief` its head.
    `is_government`: whether it is a government or its general office.
    """

    name: str
    level: float
    stem: str
    we: str
    area: str
    office: str
    chief: str
    is_government: bool


def read_organization(name: str) -> Organization:
    """What the name tells; a body of an unknown kind calls itself 本机关."""
    place, word, office = name.partition("人民政府")
    places = list(_PLACE.finditer(place))
    stem, kind = places[-1].groups() if places else ("政务", "县")
    if "街道" in kind and not word:
        return Organization(name, 0.0, stem, "我街道", "全街道", "街道党政办公室", "主任", False)
    if word or (places and places[-1].end() == len(name)):
        level = _LEVELS.get(kind[-1], 0.0)
        kind = kind[-1] if level else kind
        within = f"{kind}政府办公室" if level else "党政办公室"
        we = f"我{office[-1] if office.endswith('厅') else '办'}" if office else f"我{kind}"
        return Organization(name, level, stem, we, f"全{kind}", within, f"{kind}长", True)
    level = _BUREAU_LEVELS.get(kind, _COUNTY_BUREAU)
    if _ZONE.search(name):
        return Organization(name, level, stem, "管委会", "全区", "管委会办公室", "主任", False)
    for ending, we, within, chief in _OFFICES:
        if name.endswith(ending):
            return Organization(name, level, stem, we, "全系统", within, chief, False)
    return Organization(name, level, stem, "本机关", "全系统", "办公室", "领导", False)
