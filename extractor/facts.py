"""Which report this is: the document's texts in, its organisation and year out.

Nothing is composed: an organisation is a run of characters that the document prints (line breaks
and blanks aside). Where the document names none, or its years contradict each other, the answer is
None rather than a guess.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.characters import canonical
from extractor.numerals import parse_chinese
from extractor.types import ReportFacts

_TITLE_TEXTS = 80
"""A title stands among the first texts; the navigation of a web page may come before it."""

_MAX_TITLE = 80
_MAX_TITLE_PARTS = 5
_YEARS = range(2008, 2060)

_YEAR = r"(?:20[0-9]{2}|二[〇零○O0][〇零○O0一二三四五六七八九]{2})"
_KIND = r"(?:政府|政务)?信息公开(?:工作)?(?:情况)?的?(?:年度|年)?(?:工作)?(?:情况)?的?(?:年度)?报告"
_TITLE = re.compile(
    rf"(?P<before>[^0-9,。;!?]{{0,40}}?)(?P<year>{_YEAR})年?度?(?P<after>[^0-9,。;!?]{{0,40}}?)"
    rf"{_KIND}(?:\([^()]*\))?"
)
_TITLE_YEAR_LAST = re.compile(
    rf"(?P<before>[^0-9,。;!?]{{0,40}}?)(?P<after>){_KIND}\((?P<year>{_YEAR})年?度?\)"
)
_TITLE_BREAKS = re.compile(r"[>|_»:\t]|-(?![0-9])")
_PERIOD = re.compile(
    rf"(?P<year>{_YEAR})年1月1?日?起?(?:至|到|-|~)(?:(?P<last>{_YEAR})年)?12月(?:31日)?"
)
_SENTENCE_YEAR = re.compile(
    rf"(?:^|[。;!?])(?:\(?[一二三四五六七八九十]{{1,2}}[)、.])?(?P<year>{_YEAR})年(?![0-9])"
    r"(?!度?[^。;!?]{0,14}(?:将|计划|拟|要))"
)

_BODY = re.compile(
    r"[\u4e00-\u9fff·()]{1,40}"
    r"(?:政府|办公厅|办公室|委员会|管委会|办事处|街道办|局|厅|委|部|处|署|院|站|所|校|中心|总队|支队|大队|"
    r"集团|公司|银行|海关|园区|开发区|示范区|新区|街道|乡|镇|省|市|县|区|旗|州|盟|联合会|协会|学会|团|"
    r"办|队|大学|法院|检察院|医院)(?:\([\u4e00-\u9fff]{2,12}\))?"
)
# Parts of names that would look like other words: a bureau of statistics is no statistics.
_NAME_PARTS = re.compile(
    r"统计(?:局|调查)|数据(?:资源|产业|发展|管理|服务|中心|和政务服务)*(?:局|中心|办)|"
    r"(?:政务|信息)?公开办"
)
_NOT_A_BODY = re.compile(
    r"位置|首页|网站|栏目|专栏|公开|年度|年报|报告|信息公|关于|根据|按照|来源|索引|目录|日期|现将|情况|名称|"
    r"我[省市县区州旗局镇乡街校院单]|本[省市县区州旗局镇乡街校院单机级部]|各[省市县区级部]|全[省市县区镇]|"
    r"有关|以下|负责|统计|数据|报送|联系|[(（][^)）]*$|"
    r"[本全上去今每近前历当一]年|年[来间内底初末]|[0-9]年|[0-9一二三四五六七八九十]月|月[份底初末]"
)
_PLACE = re.compile(r"[\u4e00-\u9fff](?:省|市|县|区|旗|州|盟|镇|乡|街道|办事处)")
_TITLE_WORDS = re.compile(r"(?:关于)?(?:做好|发布|公布|印发|报送)?(?:关于)?的?$")

_NAME = r"(?P<name>[\u4e00-\u9fff·()]{3,40}?)"
_ISSUERS = (
    re.compile(
        rf"本(?:年度|年)?报告是?由{_NAME}(?:根据|依据|按照|依照|编制|编写|汇总|负责|组织|综合|起草|撰写)"
    ),
    re.compile(
        rf"(?:要求|规定|精神|条例>?|通知>?)[^,。]{{0,12}},(?:现由|特由|由)?{_NAME}"
        r"(?:现|特)?(?:予以|正式)?(?:向社会公布|向社会公开|编制|公布|发布|组织编制)"
    ),
)
_CONTACT = re.compile(
    rf"(?:请|可|敬请|欢迎)?(?:直接)?(?:与|向|同|致电){_NAME}(?:进行)?(?:联系|咨询|反映|垂询|反馈)"
)
_OWN_AREA = re.compile(r"我([省市县区旗州])")
_GOVERNMENT_OFFICE = re.compile(
    r"(?P<area>.+[省市县区旗州])(?:人民)?政府[^局委]*(?:办公厅|办公室|中心)"
)
_OFFICE = re.compile(r"(?P<body>.+(?:局|委员会|管委会|厅|办事处|镇人民政府|乡人民政府))办公室")


@dataclass(frozen=True, slots=True)
class _Title:
    year: int
    organization: str | None


def report_facts(texts: Sequence[str], edition: str | None) -> ReportFacts:
    """What the document says of itself.

    Args:
        texts: all texts of the document in reading order, one a line or paragraph; may be empty.
        edition: of the form, found by its tables; passed through.

    Returns:
        `organization` from the title, else from the sentence that names the issuer, else from the
        one that names whom to contact; `year` from the title, else from the statistics period,
        else the year that most sentences begin with.
    """
    forms = [form for text in texts if (form := canonical(text)) not in ("", "|")]
    titles = list(_titles(forms[:_TITLE_TEXTS]))
    body = "".join(forms)
    year = _year(titles, body, forms)
    return ReportFacts(edition, _organization(titles, body, year), year)


def _year(titles: Sequence[_Title], body: str, forms: Sequence[str]) -> int | None:
    """The title's year. Titles of several years (a list of links) need the body to decide."""
    named = {title.year for title in titles}
    if len(named) == 1:
        return named.pop()
    periods = {
        year
        for match in _PERIOD.finditer(body)
        if match["last"] in (None, match["year"]) and (year := _parse_year(match["year"]))
    }
    if len(periods) == 1 and (not named or periods <= named):
        return periods.pop()
    counts = Counter(
        year
        for form in forms
        for match in _SENTENCE_YEAR.finditer(form)
        if (year := _parse_year(match["year"])) and (not named or year in named)
    ).most_common(2)
    if not counts or (len(counts) > 1 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]


def _organization(titles: Sequence[_Title], body: str, year: int | None) -> str | None:
    for title in titles:
        if title.organization is not None and title.year == year:
            return title.organization
    plain = body.replace("《", "").replace("》", ">")
    for pattern in _ISSUERS:
        for match in pattern.finditer(plain):
            if name := _body(match["name"]):
                return name
    for match in _CONTACT.finditer(plain):
        if name := _body(match["name"]):
            return _behind_contact(name, body)
    return None


def _behind_contact(name: str, body: str) -> str:
    """The body whose office is to be contacted, as far as it is printed in the office's name.

    The office of a government in a report that speaks of 我区 gives the area; the office of a
    bureau gives the bureau; anything else is its own name.
    """
    office = _GOVERNMENT_OFFICE.fullmatch(name)
    own = Counter(_OWN_AREA.findall(body)).most_common(1)
    if office is not None and own and office["area"].endswith(own[0][0]):
        return office["area"]
    inner = _OFFICE.fullmatch(name)
    return inner["body"] if inner is not None else name


def _titles(forms: Sequence[str]) -> Iterator[_Title]:
    """Titles, each put together from up to five texts that follow one another."""
    parts = [
        (i, part)
        for i, form in enumerate(forms)
        for piece in _TITLE_BREAKS.split(form)
        if (part := piece.strip("《》\"' "))
    ]
    for end in range(1, len(parts) + 1):
        found: _Title | None = None
        for start in range(end - 1, max(-1, end - 1 - _MAX_TITLE_PARTS), -1):
            joined = "".join(part for _, part in parts[start:end])
            joined = joined.replace("《", "").replace("》", "")
            is_broken = start + 1 < end and parts[start][0] == parts[start + 1][0]
            if is_broken or len(joined) > _MAX_TITLE:
                break
            title = _title(joined)
            if title is None:
                continue
            if title.organization is None:
                if found is None:
                    found = title
                continue
            found = title
            if _PLACE.search(title.organization):
                break
        if found is not None:
            yield found


def _title(text: str) -> _Title | None:
    match = _TITLE.fullmatch(text) or _TITLE_YEAR_LAST.fullmatch(text)
    if match is None:
        return None
    year = _parse_year(match["year"])
    if year is None:
        return None
    before = _TITLE_WORDS.sub("", match["before"])
    return _Title(year, _body(before) or _body(match["after"]))


def _body(name: str) -> str | None:
    """`name`, if it can be the name of a public body."""
    name = name.removesuffix("的")
    plain = _NAME_PARTS.sub("", name)
    if len(name) < 3 or _NOT_A_BODY.search(plain) or not _BODY.fullmatch(name):
        return None
    return name


def _parse_year(text: str) -> int | None:
    year = int(text) if text.isascii() else parse_chinese(re.sub("[○O0]", "〇", text))
    return year if year in _YEARS else None
