"""The architecture: imports run one way, and heavy libraries have one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "extractor"

FOUNDATION = {
    "characters",
    "errors",
    "figure_keys",
    "figure_signals",
    "labels",
    "meaning",
    "numerals",
    "one_print",
    "previous",
    "schema",
    "readings",
    "schema_checks",
    "schema_file",
    "schema_parser",
    "settings",
    "spellings",
    "types",
    "values",
}
# A stage and the modules that are part of it.
STAGES = {
    "ingest": {"ingest"},
    "pages": {"pages", "pdfpages", "imagepages", "pagesize", "textlayer"},
    "ocr": {
        *("ocr", "paddle", "strips", "orientation", "colour", "lighting", "closeup"),
        *("region_print", "strays"),
        *("weights", "inference", "digits", "ridges", "ruling", "detection", "flatten", "strokes"),
    },
    "tokens": {"tokens", "spreads"},
    "classify": {"classify", "encoding", "figure_tags", "token_classifier", "token_labels"},
    "assemble": {"assemble"},
    "reread": {"reread", "habits"},
    "decode": {"decode"},
    "figures": {
        *("clauses", "figure_matches", "figures"),
        *("mentions", "prose", "quantities", "witnesses"),
    },
    "facts": {"facts"},
    "statements": {"statements"},
    "flag": {"calibrator", "figure_flags", "flag", "signals"},
    "questions": {"questions"},
    "export": {"export"},
}
STAGE_OF = {module: stage for stage, modules in STAGES.items() for module in modules}
ABOVE = {
    "completeness",
    "page_folder",
    "page_readings",
    "pipeline",
    "run",
    "engines",
    "cell_images",
    "client",
    "batch",
    "service",
    "review",
    "app",
    "cli",
    "service_commands",
    "terminal",
    "__main__",
}
HEAVY = {
    "paddleocr": {"paddle"},
    "paddlex": {"paddle"},
    "onnxruntime": {"weights", "digits", "token_classifier"},  # the page reader's and our own
    "pypdfium2": {"pdfpages"},
    "openpyxl": {"export"},
    "ortools": {"decode"},
    "sqlalchemy": {"service"},
    "fastapi": {"service", "review", "app"},
    "nicegui": {"review"},
    "torch": set(),
    "transformers": set(),
}

MODULES = sorted(ROOT.rglob("*.py"))


def unit(path: Path) -> str:
    """The top-level module or package under extractor/ that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("extractor.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    here = unit(path)
    used = {name for name in own(imports(path)) if not name.startswith("__")} - {here}
    assert here in FOUNDATION | set(STAGE_OF) | ABOVE | {"__init__"}, "say where it belongs"
    if here in FOUNDATION:
        assert used <= FOUNDATION
    elif here in STAGE_OF:
        same = STAGES[STAGE_OF[here]]
        assert used <= FOUNDATION | same
    assert not any(name.split(".")[0] in {"training", "eval"} for name in imports(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_have_one_importing_module(path: Path) -> None:
    for name in {name.split(".")[0] for name in imports(path)} & set(HEAVY):
        assert unit(path) in HEAVY[name], name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


def test_no_code_names_a_slot() -> None:
    """The schema is data: ids of rows and columns stand in the schema file alone."""
    from extractor.schema import load_schema

    ids = {
        part
        for layouts in load_schema().tables.values()
        for layout in layouts
        for slot in layout.slots
        for part in slot.id.split(".")[1:]
        if "_" in part
    }
    for path in MODULES:
        strings = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not strings & ids, path


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, extractor; heavy = {'torch', 'paddleocr', 'paddlex', 'transformers',"
        " 'onnxruntime'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_pipeline_loads_no_model_library() -> None:
    code = (
        "import sys, extractor.pipeline; heavy = {'torch', 'paddleocr', 'paddlex',"
        " 'transformers'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
