"""Organisation and year: found in every place where reports state them, never invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.characters import canonical
from extractor.facts import report_facts
from extractor.types import ReportFacts


@pytest.mark.parametrize(
    ("texts", "organization", "year"),
    [
        (["淮阳市洪川区人民政府", "2024 年政府信息公开工作年度报告"], "淮阳市洪川区人民政府", 2024),
        (["白音旗", "自然资源局", "2023年政府信息公开工作年度报告"], "白音旗自然资源局", 2023),
        (["青山县卫生健康局2020年信息公开工作报告"], "青山县卫生健康局", 2020),
        (["2019年度青山县审计局政府信息公开工作年度报告"], "青山县审计局", 2019),
        (["《河东镇人民政府2020年政府信息公开年度报告》"], "河东镇人民政府", 2020),
        (["青山市人民政府办公室", "二〇二四年", "政府信息公开工作", "年 度 报 告"],
         "青山市人民政府办公室", 2024),
        (["青山区开发区管委会关于2021年度政府信息公开工作情况的报告"], "青山区开发区管委会", 2021),
        (["青山县人民政府", "青山县交通运输局", "2019年政府信息公开工作年度报告"],
         "青山县交通运输局", 2019),
        (["青山县教育局政府信息公开工作年度报告（2022年度）"], "青山县教育局", 2022),
        (["青山縣教育局2022年政府信息公開工作年度報告"], "青山县教育局", 2022),
    ],
)  # fmt: skip
def test_titles(texts: list[str], organization: str, year: int) -> None:
    assert report_facts(texts, "2021") == ReportFacts("2021", organization, year)


def test_navigation_around_the_title() -> None:
    texts = [
        "网站首页",
        "当前位置：首页 > 政府信息公开 > 政府信息公开年报",
        "青山市民政局 2020 年政府信息公开工作年度报告 - 青山市人民政府",
        "发布日期：2021-01-15  来源：市民政局",
        "2019年，我局的工作是基础。",
    ]
    assert report_facts(texts, None) == ReportFacts(None, "青山市民政局", 2020)


def test_links_to_other_years_need_the_body_to_decide() -> None:
    links = [f"{year}年政府信息公开工作年度报告" for year in (2019, 2020, 2021)]
    assert report_facts(links, None).year is None
    period = "所列数据的统计期限自2020年1月1日起至2020年12月31日止。"
    assert report_facts([*links, period], None).year == 2020


@pytest.mark.parametrize(
    ("texts", "year"),
    [
        (["统计期限为2020 年 1 月 1 日", "起至2020年12月31日止"], 2020),
        (["2020年，我局认真落实。", "2020年，发布信息。", "2021年，我局将继续。"], 2020),
        (["2020年，我局认真落实。", "2021年，发布信息。"], None),
        (["发布日期：2021-01-15", "一、总体情况", "我局认真贯彻落实。"], None),
        (["在2019年的基础上，我局认真贯彻落实。"], None),
        ([], None),
    ],
)
def test_years_without_a_title(texts: list[str], year: int | None) -> None:
    assert report_facts(texts, None).year == year


@pytest.mark.parametrize(
    ("sentence", "organization"),
    [
        ("本报告由青山区园林绿化局根据《条例》编制。", "青山区园林绿化局"),
        ("根据《中华人民共和国政府信息公开条例》规定，青山市应急管理局现公布2020年度报告。",
         "青山市应急管理局"),
        ("如有疑问，请与青山市民政局办公室联系（电话：0915-1234567）。", "青山市民政局"),
        ("请与安平市汉江区人民政府信息管理办公室联系", "安平市汉江区人民政府信息管理办公室"),
        ("2020年，我区认真落实。请与安平市汉江区人民政府信息管理办公室联系", "安平市汉江区"),
        ("请与我局办公室联系。", None),
        ("请与本机关联系。", None),
        ("我局认真贯彻落实。", None),
    ],
)  # fmt: skip
def test_organizations_without_one_in_the_title(sentence: str, organization: str | None) -> None:
    texts = ["2020年政府信息公开工作年度报告", sentence]
    assert report_facts(texts, None).organization == organization


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.text(alphabet="2024年二〇政府信息公开工作度报告市局县《》，。>", max_size=30),
        ),
        max_size=8,
    )
)
def test_organizations_are_printed(texts: list[str]) -> None:
    organization = report_facts(texts, None).organization
    if organization is not None:
        printed = canonical("".join(texts)).replace("《", "").replace("》", "")
        assert canonical(organization) in printed


@pytest.mark.parametrize(
    "name",
    [
        "江宁区统计局",
        "国家统计局南京调查队",
        "湖北省政务服务和数据局",
        "贵州省大数据发展管理局",
        "市委编办",
        "年丰镇人民政府",
        "平阳县人民政府（办公室）",
        "南京大学",
    ],
)
def test_names_that_contain_words_of_other_texts(name: str) -> None:
    title = f"{name}2023年政府信息公开工作年度报告"
    assert report_facts([title], None).organization == canonical(name)
