"""Invented public bodies: thousands of names from the usual characters of Chinese places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

LEVELS = ("town", "county_bureau", "district", "city_bureau", "city", "province_department")

_WEIGHTS = (30, 34, 8, 16, 5, 7)

# Any of the first before any of the second makes the stem of a place: some 2,700 stems.
_FIRST = (
    "青白云金石柳松桃梅兰竹杨枫桂榆槐荷菱龙凤鹤鹭雁鹿马玉银铜铁沙泥清碧澄明红黄紫丹"
    "东南西北上下前后新古大小双三四五七九长宽平安永宁和顺兴隆昌盛仁义礼"
)
_SECOND = "石湾岭江溪湖河泉塘潭洲浦港口桥坪坝沟峪台冈岗坡峰山林田阳阴川原城关集店堡庄屯"
_LONGER = (
    "石门岭", "黄草坝", "三叉河", "白鹭湖", "乌兰图", "阿日善", "达坂沟", "马蹄湾", "双龙桥",
    "柏树坳", "老鸦岩", "红旗岭", "莲花塘", "铁炉沟", "野猪坪", "七里铺", "牛角湾", "龙泉驿口",
    "那仁塔拉", "巴音河套", "喀什托别", "木桐寨",
)  # fmt: skip
_PROVINCES = (
    "岭北", "江右", "河阳", "湖东", "川北", "漠北", "沧海", "松川", "洮河", "南岭",
)  # fmt: skip
_PEOPLES = ("土家族", "苗族", "回族", "彝族", "藏族", "蒙古族", "布依族", "满族")

_TOWN_KINDS: Mapping[str, tuple[str, ...]] = {
    "镇": ("人民政府", "人民政府", "人民政府", "人民政府办公室", ""),
    "乡": ("人民政府", "人民政府", ""),
    "街道": ("办事处", "办事处", "办事处", ""),
}
_BUREAUS = (
    "教育局", "教育体育局", "科学技术局", "工业和信息化局", "科技和工业信息化局", "公安局",
    "民政局", "司法局", "财政局", "人力资源和社会保障局", "自然资源局", "自然资源和规划局",
    "生态环境局", "住房和城乡建设局", "城市管理局", "城市管理综合行政执法局", "交通运输局",
    "水利局", "水务局", "农业农村局", "农业农村和水利局", "林业局", "林业和草原局", "商务局",
    "文化和旅游局", "文化广电和旅游局", "文化体育广电和旅游局", "卫生健康局", "卫生健康委员会",
    "退役军人事务局", "应急管理局", "审计局", "市场监督管理局", "统计局", "医疗保障局", "信访局",
    "行政审批局", "行政审批服务局", "发展和改革局", "发展和改革委员会", "国有资产监督管理委员会",
    "乡村振兴局", "扶贫开发办公室", "政务服务管理局", "政务服务和数据管理局", "大数据发展管理局",
    "粮食和物资储备局", "园林绿化局", "体育局", "民族宗教事务局", "民族宗教事务委员会",
    "地方金融监督管理局", "机关事务管理局", "投资促进局", "海洋与渔业局", "国防动员办公室",
    "城乡规划局", "房屋征收与补偿管理办公室", "供销合作社联合社", "公路管理局", "气象局",
    "住房公积金管理中心", "地方志编纂委员会办公室", "消防救援支队", "档案局", "税务局",
)  # fmt: skip
_COUNTY_OFFICES = ("人民政府办公室", "人民政府信息管理办公室", "人民政府政务公开办公室")
_ZONES = (
    "经济技术开发区", "高新技术产业开发区", "国家级高新技术产业开发区", "经济开发区",
    "工业园区", "综合保税区", "旅游度假区", "新区", "示范区",
)  # fmt: skip
_ZONE_KINDS = ("管理委员会", "管理委员会", "管委会", "管理委员会办公室")
_DEPARTMENTS = (
    "教育厅", "科学技术厅", "工业和信息化厅", "公安厅", "民政厅", "司法厅", "财政厅",
    "人力资源和社会保障厅", "自然资源厅", "生态环境厅", "住房和城乡建设厅", "交通运输厅", "水利厅",
    "农业农村厅", "商务厅", "文化和旅游厅", "卫生健康委员会", "退役军人事务厅", "应急管理厅",
    "审计厅", "市场监督管理局", "统计局", "医疗保障局", "林业局", "体育局", "广播电视局",
    "药品监督管理局", "地方金融监督管理局", "政务服务数据管理局", "人民政府办公厅",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """A body that does not exist. `name` is what its report is titled with.

    `level` is one of `LEVELS`. `place` is where it stands and `kind` what it is; in some names the
    place is left out, as on a body's own web site.
    """

    name: str
    level: str
    place: str
    kind: str


def invent_body(rng: Random, *, level: str | None = None) -> Body:
    """A body of the given level, or of any, towns and the bureaus of counties being the most.

    Raises:
        ValueError: an unknown level.
    """
    if level is None:
        level = rng.choices(LEVELS, _WEIGHTS)[0]
    match level:
        case "town":
            suffix = rng.choices(("镇", "乡", "街道"), (55, 25, 20))[0]
            above = _county(rng) if rng.random() < 0.7 else ""
            place, kind = above + _stem(rng) + suffix, rng.choice(_TOWN_KINDS[suffix])
        case "county_bureau":
            place, kind = _county(rng), rng.choice(_BUREAUS)
            if rng.random() < 0.1:
                place = _city(rng) + place
        case "district":
            place, kind = _district(rng)
        case "city_bureau":
            place, kind = _city(rng), rng.choice(_BUREAUS)
        case "city":
            place = _city(rng)
            kind = rng.choice(("人民政府", "人民政府", "人民政府办公室", ""))
        case "province_department":
            place, kind = f"{rng.choice(_PROVINCES)}省", rng.choice(_DEPARTMENTS)
        case _:
            raise ValueError(f"unknown level {level!r}, expected one of {', '.join(LEVELS)}")
    is_bare = kind in _BUREAUS and rng.random() < 0.05
    return Body(kind if is_bare else place + kind, level, place, kind)


def _stem(rng: Random) -> str:
    if rng.random() < 0.12:
        return rng.choice(_LONGER)
    return rng.choice(_FIRST) + rng.choice(_SECOND)


def _city(rng: Random) -> str:
    return f"{_stem(rng)}市"


def _county(rng: Random) -> str:
    """A county or a district; a banner or an autonomous county now and then."""
    chance = rng.random()
    if chance < 0.04:
        return f"{_stem(rng)}{rng.choice(_PEOPLES)}自治县"
    if chance < 0.08:
        return f"{rng.choice(_LONGER)}旗"
    return _stem(rng) + rng.choices(("县", "区", "市"), (55, 30, 15))[0]


def _district(rng: Random) -> tuple[str, str]:
    """Place and kind of a county's government or of a development zone."""
    if rng.random() < 0.25:
        above = rng.choice((_city(rng), _stem(rng)))
        return above + rng.choice(_ZONES), rng.choice(_ZONE_KINDS)
    above = _city(rng) if rng.random() < 0.5 else ""
    kind = "人民政府" if rng.random() < 0.7 else rng.choice(_COUNTY_OFFICES)
    return above + _county(rng), kind
