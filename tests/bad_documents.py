"""Builders of documents that must be refused, survived or answered with a finding; never a crash.

Each returns the bytes of one file. Passwords and PDF objects are written with pikepdf.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from itertools import pairwise
from random import Random

import pikepdf
from PIL import Image

from training.synthesis.deviations import deviate
from training.synthesis.flat import flat_lines
from training.synthesis.html import html_clean
from training.synthesis.report import Report, invent

_INVOICE = (
    "增值税电子普通发票",
    "发票代码：033001900111  发票号码：52218846  开票日期：2023年05月18日",
    "购买方名称：东湾市民政局",
    "项目名称  规格型号  单位  数量  单价  金额  税率  税额",
    "打印纸  A4  箱  12  145.13  1741.56  13%  226.40",
    "硒鼓  12A  个  3  265.49  796.46  13%  103.54",
    "合计  2538.02  329.94",
    "价税合计（大写）贰仟捌佰陆拾柒元玖角陆分  （小写）2867.96",
)
_NOVEL = (
    "那年冬天的雪下得很早，河面还没有结冰，山上的路就已经断了。",
    "他把三封信放进木匣里，第一封写给母亲，第二封没有名字，第三封只有一行字。",
    "“你还会回来吗？”她站在渡口问他，手里提着半盏灯。",
    "船上一共五个人，谁也没有说话，只有橹声一下一下地响。",
    "许多年以后，人们在老屋的墙缝里找到了那只木匣，里面的一百二十枚铜钱一枚也没有少。",
)


def encrypted_pdf(password: str = "secret") -> bytes:
    """A PDF that cannot be opened without its password."""
    with pikepdf.new() as document:
        document.add_blank_page()
        encryption = pikepdf.Encryption(user=password, owner=password + "-owner")
        return _saved(document, encryption=encryption)


def truncated(document: bytes, *, share: float = 0.5) -> bytes:
    """The beginning of a document, as an interrupted download leaves it."""
    return document[: int(len(document) * share)]


def zero_bytes() -> bytes:
    return b""


def random_bytes(n_bytes: int = 4096) -> bytes:
    """Nothing that any reader knows; the same each time."""
    return Random(7).randbytes(n_bytes)


def png_image() -> bytes:
    """A small white PNG, to be given a name such as `report.pdf`."""
    buffer = io.BytesIO()
    Image.new("L", (120, 80), 255).save(buffer, format="PNG")
    return buffer.getvalue()


def huge_image(width: int = 20_000, height: int = 10_000) -> bytes:
    """A valid PNG of a few kB with very many pixels (200 million)."""
    row = b"\x00" + bytes((width + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, body) for kind, body in chunks)


def many_pages_pdf(n_pages: int = 5000) -> bytes:
    """Blank pages without end."""
    return blank_pages_pdf(n_pages)


def blank_pages_pdf(n_pages: int = 3) -> bytes:
    """Pages with nothing on them."""
    with pikepdf.new() as document:
        for _ in range(n_pages):
            document.add_blank_page(page_size=(595, 842))
        return _saved(document)


def huge_page_pdf(side_pt: int = 14_400) -> bytes:
    """One page of 200 inches a side, the most that the format allows."""
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(side_pt, side_pt))
        return _saved(document)


def invoice_pdf() -> bytes:
    """An invoice, text layer and all, that is no report."""
    return text_pdf(_INVOICE)


def text_pdf(lines: tuple[str, ...]) -> bytes:
    """One page with a Chinese text layer in a font that is not embedded."""
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(595, 842))
        info = pikepdf.Dictionary(
            Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("GB1"), Supplement=4
        )
        descriptor = pikepdf.Dictionary(
            Type=pikepdf.Name.FontDescriptor,
            FontName=pikepdf.Name("/STSong-Light"),
            Flags=6,
            FontBBox=[-25, -254, 1000, 880],
            ItalicAngle=0,
            Ascent=880,
            Descent=-120,
            CapHeight=880,
            StemV=93,
        )
        descendant = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.CIDFontType0,
            BaseFont=pikepdf.Name("/STSong-Light"),
            CIDSystemInfo=info,
            FontDescriptor=descriptor,
            DW=1000,
        )
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type0,
            BaseFont=pikepdf.Name("/STSong-Light"),
            Encoding=pikepdf.Name("/UniGB-UCS2-H"),
            DescendantFonts=[descendant],
        )
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        shows = "".join(f"<{line.encode('utf-16-be').hex()}> Tj T* " for line in lines)
        content = f"BT /F1 11 Tf 24 TL 60 760 Td {shows}ET"
        page.obj.Contents = document.make_stream(content.encode("ascii"))
        return _saved(document)


def novel_text(n_paragraphs: int = 400) -> bytes:
    """Prose with numbers in words and nothing of a report."""
    rng = Random(3)
    return "\n".join(rng.choice(_NOVEL) for _ in range(n_paragraphs)).encode()


def zip_bomb(n_bytes: int = 256 * 2**20) -> bytes:
    """An archive of a few hundred kB whose one member unpacks to very much more."""
    buffer = io.BytesIO()
    block = bytes(2**20)
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("report.txt", "w", force_zip64=True) as member,
    ):
        for _ in range(n_bytes // len(block)):
            member.write(block)
    return buffer.getvalue()


def nested_zip(depth: int = 12) -> bytes:
    """Archives within archives."""
    data = zipped({"report.txt": "一、总体情况".encode()})
    for _ in range(depth):
        data = zipped({"inner.zip": data})
    return data


def zip_with_escaping_names() -> bytes:
    """Members that a careless reader would write outside of its folder."""
    content = "政府信息公开工作年度报告".encode()
    names = ("../../escaped.html", "/escaped.html", "..\\..\\escaped.html", "C:\\escaped.html")
    return zipped(dict.fromkeys(names, content))


def zip_with_symlink(target: str = "/etc/hostname") -> bytes:
    """A member that is a symbolic link to a file outside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("report.txt")
        member.create_system = 3
        member.external_attr = 0o120777 << 16
        archive.writestr(member, target)
    return buffer.getvalue()


def zip_with_many_files(n_files: int = 5000) -> bytes:
    return zipped({f"{i:05d}.txt": b"x" for i in range(n_files)})


def zipped(content_by_name: dict[str, bytes]) -> bytes:
    """An ordinary archive of the given members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in content_by_name.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx_without_document() -> bytes:
    """A Word package that lacks its main part."""
    types = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    return zipped({"[Content_Types].xml": f'{types}content-types"/>'.encode(), "word/x.xml": b""})


def docx_with_entities(document: bytes) -> bytes:
    """A Word file whose main part defines entities that expand without bounds.

    Args:
        document: a sound Word file to start from.
    """
    names = "abcdefgh"
    entities = '<!ENTITY a "0123456789">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 20}">' for before, name in pairwise(names)
    )
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    body = parts["word/document.xml"].decode()
    declaration, _, rest = body.partition("?>")
    rest = rest.replace("<w:body>", "<w:body><w:p><w:r><w:t>&h;</w:t></w:r></w:p>")
    text = f"{declaration}?><!DOCTYPE w:document [{entities}]>{rest}"
    parts["word/document.xml"] = text.encode()
    return zipped(parts)


def deep_html(depth: int = 20_000) -> bytes:
    """Elements within elements, deeper than a recursive reader can follow."""
    return b"<html><body>" + b"<div>" * depth + b"0" + b"</div>" * depth + b"</body></html>"


def html_with_huge_span() -> bytes:
    """One cell that claims a hundred million columns and rows."""
    cell = '<td rowspan="100000000" colspan="100000000">规章</td><td>0</td>'
    return f"<table><tr>{cell}</tr></table>".encode()


def two_reports() -> bytes:
    """Two reports of different bodies in one text file."""
    first, second = (invent(Random(seed), "2021") for seed in (11, 12))
    return flat_lines(first, Random(0)) + flat_lines(second, Random(0))


def two_reports_pdf(first: bytes, second: bytes) -> bytes:
    """The pages of two reports in one PDF."""
    with (
        pikepdf.open(io.BytesIO(first)) as document,
        pikepdf.open(io.BytesIO(second)) as other,
    ):
        document.pages.extend(other.pages)
        return _saved(document)


def report_without(table: str, edition: str = "2021") -> tuple[bytes, Report]:
    """A web page that leaves one table to an attachment, and the report that it shows."""
    for seed in range(100):
        report = deviate(invent(Random(21), edition), ("table_missing",), Random(seed))
        if report.missing[0].startswith(f"{table}."):
            return html_clean(report, Random(0)), report
    raise ValueError(f"no table {table!r}")


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def _saved(document: pikepdf.Pdf, *, encryption: pikepdf.Encryption | None = None) -> bytes:
    buffer = io.BytesIO()
    if encryption is None:
        document.save(buffer, deterministic_id=True)
    else:
        document.save(buffer, encryption=encryption)
    return buffer.getvalue()
