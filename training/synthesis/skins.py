"""How the makers of text documents write the same layout: one skin a split, so that they differ.

A skin changes what surrounds the words (markup, indents, delimiters, the page of a web site around
the report), never the words of the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.synthesis.splits import Split


@dataclass(frozen=True, slots=True)
class Skin:
    """Templates have one `{}` for the text. `site` has the fields of `html.html_captured`.

    `delimiter` is a cell of Markdown's delimiter row; `indent` stands before paragraphs of flat
    text; `splits_runs`: a Word file has its text in several runs, as repeated editing leaves it.
    """

    paragraph: str
    heading: str
    cell: str
    table: str
    site: str
    delimiter: str
    markdown_heading: str
    indent: str
    splits_runs: bool


_TABLE_SITE = """<div class="header"><ul class="nav">{menu}</ul></div>
<div class="crumbs">当前位置：<a href="/">首页</a>&nbsp;&gt;&nbsp;
<a href="/zwgk/">政务公开</a>&nbsp;&gt;&nbsp;政府信息公开年报</div>
<table class="metadata" width="100%"><tr><td>索引号：</td><td>{index}</td>
<td>主题分类：</td><td>综合政务</td></tr>
<tr><td>发布机构：</td><td>{organization}</td><td>发布日期：</td><td>{date}</td></tr>
<tr><td>名称：</td><td colspan="3">{title}</td></tr>
<tr><td>文号：</td><td>无</td><td>有效性：</td><td>有效</td></tr></table>
<script>var visits = {hits};</script>
<p class="tools">字体：【<a>大</a> <a>中</a> <a>小</a>】
浏览次数：<span id="hits">{hits}</span> 【打印】 【关闭】</p>
<table width="1000" align="center" cellpadding="0"><tr><td valign="top">
<table width="100%"><tr><td class="content">
<div class="TRS_Editor">
{body}
</div></td></tr></table></td></tr></table>
<div class="share">分享到：微信 微博</div>
<p>上一篇：{last_year}年政府信息公开工作年度报告</p><p>下一篇：无</p>
<div class="footer"><p>主办单位：{organization} 备案序号：沪ICP备{number}号-1
网站标识码：{code} 联系我们 网站地图 站点说明</p><p>电话：0512-{telephone}</p></div>"""

_LIST_SITE = """<nav><ul>{menu}</ul></nav>
<p class="path"><a href="/">网站首页</a> / <a href="/xxgk">信息公开</a> / <a>年度报告</a></p>
<ul class="info"><li>发布日期：{date}</li><li>来源：{organization}</li><li>阅读：{hits}次</li></ul>
<article>
{body}
</article>
<p>责任编辑：综合科</p><footer>{organization}版权所有 {code} 联系电话：0731-{telephone}</footer>"""

_FRAME_SITE = """<table width="980"><tr><td>{menu}</td></tr></table>
<table width="980"><tr><td width="200"><p>公开指南</p><p>公开制度</p><p>法定主动公开内容</p>
<p>依申请公开</p><p><b>公开年报</b></p></td><td>
<p align="center">信息来源：{organization}　发布时间：{date}　点击数：{hits}</p>
{body}
</td></tr></table><p>Copyright {organization} 备案号 {number}</p>"""

_MOBILE_SITE = """<div class="top">{title}</div><div class="bar">{menu}</div>
<div class="meta"><span>{date}</span><span>{organization}</span></div>
<div id="zoom">
{body}
</div><div class="like">赞 {hits}　收藏</div><div>扫一扫在手机打开当前页</div>"""

SKINS: Mapping[Split, Skin] = {
    Split.TRAIN: Skin(
        "<p>{}</p>",
        "<h2>{}</h2>",
        "{}",
        ' border="1" cellspacing="0"',
        _LIST_SITE,
        "---",
        "## {}",
        "",
        False,
    ),
    Split.VALIDATION: Skin(
        '<div class="para">{}</div>',
        '<div class="para"><b>{}</b></div>',
        "<div>{}</div>",
        ' class="table" width="100%"',
        _MOBILE_SITE,
        ":---:",
        "### {}",
        "    ",
        False,
    ),
    Split.CALIBRATION: Skin(
        '<p style="font-size:16px">　　{}</p>',
        "<h3>{}</h3>",
        '<p align="center">{}</p>',
        ' style="border-collapse:collapse" border=1',
        _FRAME_SITE,
        "-",
        "**{}**",
        "　　",
        True,
    ),
    Split.TEST: Skin(
        '<p><span style="font-family:仿宋">{}</span></p>',
        "<p><strong>{}</strong></p>",
        "<span>{}</span>",
        ' cellpadding="4" border="1"',
        _TABLE_SITE,
        "---",
        "## {}",
        "",
        True,
    ),
}
