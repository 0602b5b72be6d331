"""Bytes of a text file in, its characters out.

UTF-8 proves itself by its validity. GB18030 and Big5 do not: nearly all bytes of the one are valid
in the other, and damaged UTF-8 is often valid GB18030. So the readings that are possible are
compared by how many of their characters are common in Chinese reports.
"""

from __future__ import annotations

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = frozenset(
    "的一是不了在有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面"
    "而方后多定行学法所民得经十三之进等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性"
    "好应开合因由其些前外天政四日那社义事平形相全表间与关各重新线内数正心明看原又利比或但质气第向道条只没结"
    "解问意建月公无系情者最立代想已通并提题党程展五果料象员位入常文总次品式活设及管特件长求老基资边流级少组"
    "见计别期根论运农指几九区强放决西被做必先回则任取据处府给色保治北造百规热领七海口东导压志世金增济思术极"
    "交受联什认六共权收证改清己美再采转更单切教速花安场身车例真务具万每目达走积示议报完类八离名确信息主动公"
    "开申请予部分许可罚强制费采购依办答复诉讼复议未审结持纠正商企科研构益律服自然总计转续属秘密危及保护第执"
    "案卷查询掌握现另补仍访举投重出版大量反要确认县市省镇乡街道局委厅村"
    "這為個國時來們會發動過說產種後學經進電裡現實體機當從業應開間與關線內數質氣條沒結題建無係情總員設長資"
    "邊級組見計別據處給規熱領東導壓濟術極聯認權證採轉單務報類確請許罰費購辦復訴訟審續屬護執詢舉縣鎮鄉區廳標"
    "、，。；：（）《》“”〔〕　！？—０１２３４５６７８９"
)
_WORST_DAMAGE = 0.01
_DECLARED_BONUS = 0.05
_DAMAGE_WEIGHT = 10.0
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\v\f\x1a\x1b")
_MOST_CONTROLS = 0.005


def decode(data: bytes, *, declared: str | None = None, is_cut: bool = False) -> str | None:
    """Return the characters of a text file without its byte order mark.

    Args:
        data: the whole file, or its beginning if `is_cut`, which may end inside of a character.
        declared: the encoding that the file names itself (HTML); believed only where the content
            does not decide.
        is_cut: whether `data` is only the beginning of the file.

    Returns:
        The text, at most 1 % of it replaced by U+FFFD; None where `data` is no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _checked(_read(data, encoding, is_cut=is_cut))
    if b"\0" in data:
        return _checked(_best(data, ("utf-16-le", "utf-16-be"), declared=None, is_cut=is_cut))
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data, final=not is_cut)
    except UnicodeDecodeError:
        pass
    else:
        if text.isascii() or any(character >= "\u2e80" for character in text):
            return _checked(text)
    return _checked(
        _best(data, ("gb18030", "big5hkscs", "utf-8"), declared=declared, is_cut=is_cut)
    )


def _read(data: bytes, encoding: str, *, is_cut: bool) -> str:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(data, final=not is_cut)


def _best(data: bytes, encodings: tuple[str, ...], *, declared: str | None, is_cut: bool) -> str:
    """The most plausible reading; of equal ones the first."""
    preferred = _python_name(declared)
    best, best_score = "", float("-inf")
    for encoding in encodings:
        text = _read(data, encoding, is_cut=is_cut)
        score = _plausibility(text) + (_DECLARED_BONUS if encoding == preferred else 0.0)
        if best_score < score:
            best, best_score = text, score
    return best


def _python_name(declared: str | None) -> str | None:
    name = (declared or "").lower().replace("_", "-")
    if name.startswith("gb") or name == "hz-gb-2312":
        return "gb18030"
    return "big5hkscs" if name.startswith("big5") else name or None


def _plausibility(text: str) -> float:
    """Share of the characters beyond ASCII that are common, less a penalty for damage."""
    beyond = [character for character in text if character > "\x7f"]
    if not beyond:
        return 0.0
    common = sum(character in _COMMON for character in beyond)
    return (common - _DAMAGE_WEIGHT * sum(map(_is_damage, beyond))) / len(beyond)


def _is_damage(character: str) -> bool:
    return character == "\ufffd" or "\ue000" <= character <= "\uf8ff"


def _checked(text: str) -> str | None:
    if "\0" in text:
        return None
    damage = text.count("\ufffd")
    if damage > 1 and damage > _WORST_DAMAGE * len(text):
        return None
    if sum(character in _CONTROLS for character in text) > _MOST_CONTROLS * len(text):
        return None
    return text.removeprefix("\ufeff")
