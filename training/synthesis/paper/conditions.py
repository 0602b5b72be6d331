"""The paper conditions by name: each samples the parameters of one document from a range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from training.synthesis.paper.camera import Camera
from training.synthesis.paper.copier import Copier, Fax
from training.synthesis.paper.sheet import Wear


@dataclass(frozen=True, slots=True)
class Condition:
    """What happens to the pages of one document, from the printer to the file.

    The clean pages are rendered at `dpi`; `scale` is what the sensor makes of a pixel of theirs, so
    that the images have `output_dpi`. A zero switches an effect off.
    """

    name: str
    dpi: int
    scale: float = 1.0
    # The print and the sheet.
    contrast: float = 0.9
    """How dark full toner is, 0 to 1."""
    unevenness: float = 0.0
    """How much toner is lacking in places, 0 to 1."""
    show_through: float = 0.0
    """Share of the darkness of the other side that is seen."""
    wear: Wear | None = None
    seal_mm: float = 0.0
    """Diameter of a red seal over each target."""
    seal_text: str = ""
    stamps: int = 0
    """Received-stamps on the first page."""
    notes: int = 0
    """Handwritten words on each page; where there are any, targets are marked with the pen."""
    # The machine.
    rotation_deg: int = 0
    """Clockwise, a multiple of 90."""
    skew_deg: float = 0.0
    """Clockwise; each page differs from it a little."""
    lid: int = 255
    """Grey level of what is seen beside a sheet on glass."""
    copies: tuple[Copier, ...] = ()
    fax: Fax | None = None
    camera: Camera | None = None
    # The sensor and the file.
    paper: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """How bright blank paper comes out, RGB; above 1 is overexposed."""
    grain: float = 0.006
    """Deviation of the paper's brightness."""
    blur: float = 0.4
    """Deviation of the optics in pixels of the image."""
    noise: float = 2.0
    """Deviation of the sensor in grey levels."""
    quality: int = 80
    """Of the JPEG."""
    is_grey: bool = False

    @property
    def output_dpi(self) -> float:
        return self.dpi * self.scale

    @property
    def is_bilevel(self) -> bool:
        """Whether the images are black and white only."""
        return self.fax is not None


def _paper(rng: Random, low: float = 0.93, high: float = 1.03) -> tuple[float, float, float]:
    """Blank paper: bluish white, white or yellowish."""
    level, warmth = rng.uniform(low, high), rng.gauss(0.006, 0.008)
    return level + warmth, level, level - warmth


def _flatbed(rng: Random, name: str, dpi: int, *, scale: float = 1.0) -> Condition:
    return Condition(
        name,
        dpi,
        scale,
        contrast=rng.uniform(0.8, 0.95),
        skew_deg=rng.gauss(0, 0.3),
        lid=rng.choice((255, 255, 250, 240, 215)),
        paper=_paper(rng),
        grain=rng.uniform(0.003, 0.009),
        blur=rng.uniform(0.3, 0.6),
        noise=rng.uniform(1, 3),
        quality=rng.randrange(65, 90),
    )


def _grey(condition: Condition) -> Condition:
    level = sum(condition.paper) / 3
    return replace(condition, is_grey=True, paper=(level, level, level))


def _flatbed_300_grey(rng: Random, name: str) -> Condition:
    return _grey(replace(_flatbed(rng, name, 300), blur=rng.uniform(0.5, 0.9)))


def _flatbed_skewed(rng: Random, name: str) -> Condition:
    skew = rng.choice((-1, 1)) * rng.uniform(0.8, 3)
    return replace(_flatbed(rng, name, 150), skew_deg=skew, lid=rng.choice((255, 235, 205, 60)))


def _flatbed_turned(rng: Random, name: str) -> Condition:
    return replace(_flatbed(rng, name, 200), rotation_deg=rng.choice((90, 180, 270)))


def _office_copy(rng: Random, name: str) -> Condition:
    copier = Copier(
        threshold=rng.uniform(0.36, 0.44),
        softness=rng.uniform(0.4, 0.55),
        drift=0.015,
        flutter=rng.uniform(0.02, 0.045),
        specks=rng.uniform(0.5, 4),
        streaks=rng.choice((0, 0, 1)),
    )
    return _grey(replace(_flatbed(rng, name, 200), copies=(copier,)))


def _flatbed_100(rng: Random, name: str) -> Condition:
    return replace(_flatbed(rng, name, 200, scale=0.5), blur=rng.uniform(0.3, 0.5))


def _flatbed_75(rng: Random, name: str) -> Condition:
    condition = replace(_flatbed(rng, name, 150, scale=0.5), blur=0.3)
    return replace(condition, quality=rng.randrange(70, 90), contrast=rng.uniform(0.88, 0.98))


def _photocopy(rng: Random, name: str) -> Condition:
    copier = Copier(
        threshold=rng.uniform(0.3, 0.42),
        softness=rng.uniform(0.35, 0.55),
        drift=0.03,
        flutter=rng.uniform(0.05, 0.09),
        specks=rng.uniform(10, 50),
        streaks=rng.randrange(0, 4),
        edge_mm=rng.choice((0, 3, 6)),
    )
    condition = replace(
        _flatbed(rng, name, 200, scale=rng.choice((0.75, 1.0))),
        copies=(copier,),
        contrast=rng.uniform(0.65, 0.85),
        skew_deg=rng.gauss(0, 0.8),
        lid=rng.choice((255, 255, 40)),
        quality=rng.randrange(45, 75),
    )
    return _grey(condition)


def _photocopy_of_copy(rng: Random, name: str) -> Condition:
    first = Copier(
        threshold=rng.uniform(0.3, 0.38),
        softness=rng.uniform(0.38, 0.48),
        flutter=0.07,
        specks=rng.uniform(10, 30),
        edge_mm=rng.choice((0, 3)),
    )
    second = Copier(
        threshold=rng.uniform(0.3, 0.46),
        softness=rng.uniform(0.15, 0.3),
        drift=0.05,
        flutter=rng.uniform(0.08, 0.12),
        specks=rng.uniform(20, 70),
        streaks=rng.randrange(1, 5),
        edge_mm=rng.choice((0, 4, 7)),
    )
    return replace(_photocopy(rng, name), copies=(first, second), scale=1.0)


def _fax(rng: Random, name: str) -> Condition:
    return Condition(
        name,
        200,
        contrast=rng.uniform(0.85, 0.98),
        skew_deg=rng.gauss(0, 0.5),
        fax=Fax(
            is_fine=rng.random() < 0.65,
            dropouts=rng.randrange(0, 9),
            specks=rng.uniform(5, 50),
        ),
        blur=rng.uniform(0.4, 0.7),
        noise=4.0,
        quality=95,
        is_grey=True,
    )


def _photo(rng: Random, name: str) -> Condition:
    warmth = rng.uniform(-0.03, 0.09)
    camera = Camera(
        angles_deg=(rng.gauss(0, 7), rng.gauss(0, 5), rng.gauss(0, 2.5)),
        margin=rng.uniform(0.01, 0.07),
        falloff=rng.uniform(0.08, 0.38),
        shadow=rng.choice((0, rng.uniform(0.15, 0.45))),
        defocus=rng.choice((0, rng.uniform(0.2, 0.7))),
        cast=(1.0 + warmth / 2, 1.0, 1.0 - warmth),
    )
    return Condition(
        name,
        150,
        scale=rng.uniform(0.9, 1.1),
        contrast=rng.uniform(0.82, 0.92),
        camera=camera,
        paper=_paper(rng, 0.95, 1.12),
        grain=rng.uniform(0.004, 0.01),
        blur=rng.uniform(0.5, 0.8),
        noise=rng.uniform(2, 5),
        quality=rng.randrange(40, 80),
    )


def _photo_curled(rng: Random, name: str) -> Condition:
    condition = _photo(rng, name)
    assert condition.camera is not None
    camera = replace(condition.camera, bend=rng.uniform(0.02, 0.05))
    return replace(condition, camera=camera)


def _seal(rng: Random, name: str) -> Condition:
    place = rng.choice(("青石县", "云岭区", "临河市", "白沙镇", "南浦区", "松江口市"))
    body = rng.choice(("人民政府办公室", "自然资源局", "教育局", "卫生健康委员会", "财政局"))
    condition = _flatbed(rng, name, rng.choice((150, 200)))
    return replace(condition, seal_mm=rng.choice((38, 40, 42, 42, 45)), seal_text=place + body)


def _stamps_handwriting(rng: Random, name: str) -> Condition:
    condition = _flatbed(rng, name, rng.choice((150, 200)))
    return replace(condition, stamps=rng.randrange(1, 3), notes=rng.randrange(1, 5))


def _show_through(rng: Random, name: str) -> Condition:
    condition = replace(_flatbed(rng, name, rng.choice((150, 200))), paper=_paper(rng, 0.86, 0.96))
    return replace(condition, show_through=rng.uniform(0.1, 0.28))


def _jpeg_low(rng: Random, name: str) -> Condition:
    return replace(
        _flatbed(rng, name, rng.choice((150, 200))),
        quality=rng.randrange(12, 26),
        noise=rng.uniform(2, 4),
    )


def _turned_skewed(rng: Random, name: str) -> Condition:
    return replace(
        _flatbed(rng, name, rng.choice((150, 200))),
        rotation_deg=rng.choice((90, 180, 270)),
        skew_deg=rng.choice((-1, 1)) * rng.uniform(1.5, 5),
        lid=rng.choice((255, 230, 205, 60)),
    )


def _faded(rng: Random, name: str) -> Condition:
    return replace(
        _flatbed(rng, name, rng.choice((150, 200))),
        contrast=rng.uniform(0.34, 0.55),
        unevenness=rng.uniform(0.25, 0.6),
        paper=_paper(rng, 0.86, 0.98),
        noise=rng.uniform(2, 4),
    )


def _dirty(rng: Random, name: str) -> Condition:
    wear = Wear(
        folds=rng.randrange(1, 4),
        stains=rng.randrange(1, 4),
        specks=rng.uniform(3, 20),
        has_punch_holes=rng.random() < 0.6,
        has_staple=rng.random() < 0.5,
    )
    condition = _flatbed(rng, name, rng.choice((150, 200)))
    return replace(condition, wear=wear, paper=_paper(rng, 0.88, 0.98))


_SAMPLERS: Mapping[str, Mapping[str, Callable[[Random, str], Condition]]] = {
    "standard": {
        "flatbed_200": lambda rng, name: _flatbed(rng, name, 200),
        "flatbed_150": lambda rng, name: _flatbed(rng, name, 150),
        "flatbed_300_grey": _flatbed_300_grey,
        "flatbed_150_skew": _flatbed_skewed,
        "flatbed_200_turned": _flatbed_turned,
        "office_copy": _office_copy,
    },
    "harsh": {
        "flatbed_100": _flatbed_100,
        "flatbed_75": _flatbed_75,
        "photocopy": _photocopy,
        "photocopy_of_copy": _photocopy_of_copy,
        "fax": _fax,
        "photo": _photo,
        "photo_curled": _photo_curled,
        "seal": _seal,
        "stamps_handwriting": _stamps_handwriting,
        "show_through": _show_through,
        "jpeg_low": _jpeg_low,
        "turned_skewed": _turned_skewed,
        "faded": _faded,
        "dirty": _dirty,
    },
}


def _named(sample: Callable[[Random, str], Condition], name: str) -> Callable[[Random], Condition]:
    return lambda rng: sample(rng, name)


CONDITIONS: Mapping[str, Callable[[Random], Condition]] = {
    name: _named(sample, name) for group in _SAMPLERS.values() for name, sample in group.items()
}
"""Samplers of conditions; the documents of one condition differ within its range."""

GROUPS: Mapping[str, tuple[str, ...]] = {group: tuple(names) for group, names in _SAMPLERS.items()}
"""`standard`: 150 dpi and better, mild. `harsh`: all others."""
