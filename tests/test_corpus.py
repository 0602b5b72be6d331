"""The corpus: the same seed gives the same documents, whole or not at all, in disjoint splits."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from tests.test_character_labels import needs_fonts
from training.synthesis import writing
from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, make_document, plan_corpus
from training.synthesis.narrative.notation import Pattern, patterns
from training.synthesis.paper import CONDITIONS, GROUPS
from training.synthesis.splits import Split
from training.synthesis.synthesise import main
from training.synthesis.truth import to_json
from training.synthesis.writing import write_corpus

TEXT = Mix(dict.fromkeys(LAYOUT_CONDITIONS, 1.0))


def test_conditions_occur_as_often_as_their_weights_say() -> None:
    plans = plan_corpus(Mix({"html": 3.0, "text": 1.0}), Split.TEST, 40, 7)
    assert [plan.condition for plan in plans].count("html") == 30
    assert len({plan.name for plan in plans}) == len({plan.seed for plan in plans}) == 40
    # Evenly spread: no stretch of eight lacks one of them.
    for i in range(32):
        assert {plan.condition for plan in plans[i : i + 8]} == {"html", "text"}


def test_a_longer_plan_begins_with_the_shorter_one() -> None:
    assert plan_corpus(TEXT, Split.TEST, 5, 7) == plan_corpus(TEXT, Split.TEST, 50, 7)[:5]
    assert not {plan.seed for plan in plan_corpus(TEXT, Split.TRAIN, 9, 7)} & {
        plan.seed for plan in plan_corpus(TEXT, Split.TEST, 9, 7)
    }


@pytest.mark.parametrize("mix", [Mix({}), Mix({"html": 1.0, "papyrus": 1.0})])
def test_unknown_conditions_are_refused(mix: Mix) -> None:
    with pytest.raises(ValueError, match="unknown conditions"):
        plan_corpus(mix, Split.TEST, 3, 1)


def test_the_groups_of_paper_name_known_conditions() -> None:
    assert set(GROUPS["standard"]) | set(GROUPS["harsh"]) == set(CONDITIONS)
    assert not set(GROUPS["standard"]) & set(GROUPS["harsh"])


@pytest.mark.parametrize("number", range(12))
def test_text_documents_come_out_the_same_and_state_every_slot(number: int) -> None:
    plan = plan_corpus(TEXT, Split.TEST, 12, 3)[number]
    document = make_document(plan, TEXT)
    again = make_document(plan, TEXT)
    assert (document.data, to_json(document.truth)) == (again.data, to_json(again.truth))
    answer = json.loads(to_json(document.truth))
    assert answer == document.truth
    assert set(answer["slots"]) == set(answer["cells"])
    for slot, value in answer["slots"].items():
        assert (answer["cells"][slot]["state"] == "number") == (value is not None), slot
    for error in answer["planted"]:
        assert len(error["cells"]) == len(error["printed"]) == len(error["consistent"])
        assert [answer["slots"][slot] for slot in error["cells"]] == error["printed"]


@needs_fonts
@pytest.mark.parametrize(
    "condition", ["text_layer", "garbled", "mixed", "picture", "fax", "photo_curled"]
)
def test_pages_come_out_the_same_with_boxes_inside_the_page(condition: str) -> None:
    mix = Mix({condition: 1.0})
    (plan,) = plan_corpus(mix, Split.TEST, 1, 11)
    document = make_document(plan, mix)
    assert document.data == make_document(plan, mix).data
    boxes = [cell["box"] for cell in document.truth["cells"].values() if "box" in cell]
    assert len(boxes) > 100
    for x0, y0, x1, y1 in boxes:
        assert -0.02 < x0 < x1 < 1.02 and -0.02 < y0 < y1 < 1.02


def test_what_was_interrupted_goes_on(tmp_path: Path) -> None:
    plans = plan_corpus(TEXT, Split.TRAIN, 6, 5)
    first = write_corpus(plans[:3], TEXT, tmp_path, labels=True)
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    # A document without its truth, a truth of another document, and a file half written.
    (tmp_path / f"{plans[0].name}.truth.json").unlink()
    (tmp_path / first[1].name).write_bytes(b"other")
    (tmp_path / ".half.part").write_bytes(b"x")
    written = write_corpus(plans, TEXT, tmp_path, labels=True)
    assert written[:3] == first
    for item in written:
        assert hashlib.sha256((tmp_path / item.name).read_bytes()).hexdigest() == item.sha256
    kept = tmp_path / f"{plans[2].name}.truth.json"
    assert kept.stat().st_mtime_ns == stamps[kept.name]
    assert len(list(tmp_path.iterdir())) == 18
    runs = json.loads(gzip.decompress((tmp_path / f"{plans[0].name}.labels.json.gz").read_bytes()))
    answer = json.loads((tmp_path / f"{plans[0].name}.truth.json").read_text(encoding="utf-8"))
    assert {run["slot"] for run in runs if run["slot"]} <= set(answer["slots"])


def test_the_command_makes_documents_and_says_how_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "corpus"
    assert main(["-o", str(out), "-n", "4", "--conditions", "html,text", "--workers", "2"]) == 0
    assert "4 documents" in capsys.readouterr().out
    assert len(list(out.glob("*.truth.json"))) == 4
    with pytest.raises(SystemExit) as refused:
        main(["-o", str(out), "--conditions", "papyrus"])
    assert refused.value.code == 2


def test_new_sentences_of_one_split_leave_the_others_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = {split: writing._made_by.__wrapped__(split) for split in Split}
    assert len(set(made.values())) == len(Split)

    def fewer(split: Split) -> tuple[Pattern, ...]:
        return patterns(split)[:-1] if split is Split.TRAIN else patterns(split)

    monkeypatch.setattr(writing, "patterns", fewer)
    changed = {split for split in Split if writing._made_by.__wrapped__(split) != made[split]}
    assert changed == {Split.TRAIN}
