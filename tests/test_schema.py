"""The form: its slots, its relations and what the arithmetic can see."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from extractor.errors import SchemaError
from extractor.schema import Layout, RelationKind, load_schema
from extractor.schema_parser import parse_schema

SCHEMA = load_schema()


def relations_matrix(layout: Layout) -> np.ndarray:
    """(n_relations, n_slots), +1 for parts and -1 for totals."""
    index = {slot.id: i for i, slot in enumerate(layout.slots)}
    matrix = np.zeros((len(layout.relations), len(layout.slots)))
    for i, relation in enumerate(layout.relations):
        for slot in relation.parts:
            matrix[i, index[slot]] += 1
        for slot in relation.total:
            matrix[i, index[slot]] -= 1
    return matrix


@pytest.mark.parametrize(
    ("table", "edition", "slots", "relations"),
    [
        ("disclosure", "2021", 10, 0),
        ("disclosure", "2019", 22, 0),
        ("requests", "2021", 175, 39),
        ("requests", "2019", 161, 37),
        ("disputes", "2021", 15, 3),
        ("disputes", "2019", 15, 3),
    ],
)
def test_slots_and_relations_of_each_edition(
    table: str, edition: str, slots: int, relations: int
) -> None:
    layout = SCHEMA.default_layout(table, edition)
    assert len(layout.slots) == slots
    assert len(layout.relations) == relations


def test_relations_of_requests_2021_have_rank_37() -> None:
    matrix = relations_matrix(SCHEMA.default_layout("requests", "2021"))
    assert matrix.shape == (39, 175)
    assert np.linalg.matrix_rank(matrix) == 37


def test_every_cell_of_requests_stands_in_at_least_two_relations() -> None:
    for layout in SCHEMA.tables["requests"]:
        counts = np.abs(relations_matrix(layout)).sum(axis=0)
        assert counts.min() >= 2


def test_no_one_to_three_wrong_cells_are_invisible() -> None:
    """The smallest pattern that no sum sees has four cells: two rows times two columns."""
    layout = SCHEMA.default_layout("requests", "2021")
    matrix = relations_matrix(layout)
    assert np.abs(matrix).sum(axis=0).min() > 0  # one cell
    columns = {tuple(column) for column in matrix.T}
    opposite = {tuple(-value for value in column) for column in columns}
    assert len(columns) == len(layout.slots)  # two cells that cancel would be equal or opposite
    assert not columns & opposite
    index = {slot.id: i for i, slot in enumerate(layout.slots)}
    error = np.zeros(len(layout.slots))
    for row, column, sign in (
        ("granted", "natural_person", 1),
        ("granted", "enterprise", -1),
        ("partially_granted", "natural_person", -1),
        ("partially_granted", "enterprise", 1),
    ):
        error[index[f"requests.{row}.{column}"]] = sign
    assert not (matrix @ error).any()


def test_a_2021_report_may_print_other_as_one_row() -> None:
    single = SCHEMA.layout("requests", "single")
    ids = {slot.id for slot in single.slots}
    assert "requests.other.total" in ids
    assert "requests.other_misc.total" not in ids
    assert "2021" in single.editions
    relation = next(r for r in single.relations if r.id == "requests.total_handled.natural_person")
    assert "requests.other.natural_person" in relation.parts
    assert len(relation.parts) == 19


def test_amounts_are_in_wan_yuan_and_changes_are_signed() -> None:
    kinds = SCHEMA.kinds
    assert kinds["disclosure.fees.amount"] == "amount"
    assert kinds["disclosure.licensing.change"] == "signed"
    units = {slot.unit for slot in SCHEMA.default_layout("disclosure", "2021").slots}
    assert units == {None, "万元"}


MINIMAL = """
id: small
version: 1
editions: {"1": {notice: n, years: [2000, null]}}
headings: [{id: h, label: 标题}]
tables:
  t:
    layouts:
      only:
        editions: ["1"]
        blocks:
          - columns: [{id: a, label: 甲}, {id: total, label: 总计}]
            rows: [{id: r, label: 行}]
relations:
  - {table: t, name: row_sum, each: row, parts: rest, total: [total], sides: [各项之和, 总计]}
figures:
  keys:
    - {key: k, label: 条数, meaning: m, units: [条], patterns: [公开 N]}
"""


def test_a_small_schema_is_read() -> None:
    (layout,) = parse_schema(MINIMAL).tables["t"]
    assert [slot.id for slot in layout.slots] == ["t.r.a", "t.r.total"]
    assert layout.relations[0].parts == ("t.r.a",)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('editions: ["1"]', 'editions: ["2"]', "unknown editions"),
        ("total: [total]", "total: [missing]", "names"),
        ("rows: [{id: r, label: 行}]", "rows: [{id: r, label: 行}, {id: r, label: 列}]", "twice"),
        ("{id: a, label: 甲}", "{id: a, label: 甲, kind: amount}", "unit"),
        ("table: t,", "table: u,", "unknown tables"),
        ("sides: [各项之和, 总计]", "sides: [总计]", "not valid"),
        (
            "total: [total], sides: [各项之和, 总计]}",
            "total: [total], sides: [和, 计]}\n"
            "  - {table: t, name: row_sum, each: row, parts: [a], total: [total], sides: [和, 计]}",
            "same id",
        ),
        ("version: 1", "version: one", "not valid"),
        ("id: small", "id: small\nextra: 1", "not valid"),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(before: str, after: str, message: str) -> None:
    assert before in MINIMAL
    with pytest.raises(SchemaError, match=message):
        parse_schema(MINIMAL.replace(before, after))


def test_what_a_relation_is_called_is_no_part_of_the_form() -> None:
    (one,), (other,) = (
        [layout.relations for layout in parse_schema(text).tables["t"]]
        for text in (MINIMAL, MINIMAL.replace("各项之和", "合"))
    )
    assert one[0].wording != other[0].wording
    assert repr(one) == repr(other)  # of which digests are made


def test_an_unknown_schema_is_named() -> None:
    with pytest.raises(SchemaError, match="no schema named 'nothing'"):
        load_schema("nothing")


def test_relations_have_kinds() -> None:
    kinds = load_schema().relation_kinds
    told = {kind: sorted(one for one in kinds if kinds[one] is kind)[0] for kind in RelationKind}
    assert told == {
        RelationKind.ROW: "disputes.direct_lawsuit.row_sum",
        RelationKind.COLUMN: "requests.total_handled.enterprise",
        RelationKind.BALANCE: "requests.balance.enterprise",
        RelationKind.YEARS: "disclosure.normative_documents.across_years",
        RelationKind.TEXT: "text.applications_answered",
    }


def test_plots_name_slots_that_there_are() -> None:
    schema = load_schema()
    for plot in schema.plots:
        assert len(plot.slots) == len(set(plot.slots)), "a slot counts twice"
        assert set(plot.slots) <= set(schema.kinds)
    text = (files("extractor") / "schemas" / "government-disclosure.yaml").read_text("utf-8")
    with pytest.raises(SchemaError, match=r"no slot is .requests\.grunted\.total"):
        parse_schema(
            text.replace("slots: [requests.granted.total]", "slots: [requests.grunted.total]")
        )
