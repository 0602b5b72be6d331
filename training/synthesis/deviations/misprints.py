"""Single characters misprinted: replaced by one that looks alike, or dropped."""

from __future__ import annotations

from random import Random

# Characters of a group are taken for each other. Every face for Chinese has them: all are GB 2312.
_GROUPS = (
    "未末 人入八 己已 土士 大太 干千 日曰 天夫 木本术 王主玉 白自百 处外 项顶 维唯 结给 "
    "果呆 纠纤 正止 请清情 量里 予子 公分 开井 政攻 府俯 信倍 息思 申甲由 收攻 到倒 理埋 "
    "年午 新断 办为 部陪 法泣 律津 规现 章意 行竹 许计 可司 罚罪 强弹 制刺 事争 业亚 费贾 "
    "性牲 数教 效郊 废发 决快 定走 金全 额颊 商高 企全 科料 研妍 构购 社杜 会合 益盖 组且 "
    "织识 服报 务各 其具 他地 总忌 属屈 家冢 秘密 危厄 及乃 安女 稳隐 保堡 护户 第弟 权杈 "
    "内肉 过达 程呈 执热 卷券 查杳 询洵 提堤 供拱 没设 成戍 需霈 要耍 另别 作怍 补朴 容客 "
    "明朋 确碓 举誉 投没 诉诈 复夏 重童 出击 版板 物杨 认以 逾愈 期朝 按接 知和 缴激 洁结 "
    "转砖 继断 续读 议仪 讼颂 起超 持特 尚向 审宙 直真 经径 后右 范苑 文交 无元 方万 单早 "
    "位住 密蜜 管菅 诺若 施旋 政致 监临 检捡 验脸 态志 情清 减咸 增赠"
)


def _alike() -> dict[str, str]:
    table: dict[str, str] = {}
    for group in _GROUPS.split():
        for character in group:
            others = group.replace(character, "")
            table[character] = table.get(character, "") + others
    return table


_ALIKE = _alike()


def misprint(text: str, rng: Random, *, rate: float) -> str:
    """The text with each Chinese character misprinted with probability `rate`.

    Two in three become one that looks alike, where one is known; the others are dropped. The last
    character that is left is never dropped.

    Raises:
        ValueError: `rate` is no probability.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"{rate} is no probability")
    characters = []
    for character in text:
        if not "\u4e00" <= character <= "\u9fff" or rng.random() >= rate:
            characters.append(character)
        elif character in _ALIKE and rng.random() < 2 / 3:
            characters.append(rng.choice(_ALIKE[character]))
    return "".join(characters) or text
