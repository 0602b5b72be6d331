from itertools import pairwise

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from extractor.detection import _bands, find_print
from extractor.orientation import Quads
from extractor.types import Image

SIDE_PX = 100


def quads(boxes: list[tuple[float, float, float, float]]) -> Quads:
    corners = [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]] for x0, y0, x1, y1 in boxes]
    return np.array(corners, dtype=np.float32).reshape(-1, 4, 2)


class Detector:
    """Finds the dark rectangles of a page that it sees from edge to edge."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, int, float]] = []

    def __call__(self, image: Image, ratio: float) -> Quads:
        height, width = image.shape[:2]
        self.shown.append((height, width, ratio))
        dark = (image[:, :, 0] < 128).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(dark)
        return quads([(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:].tolist()])


def page(lines: list[tuple[int, int, int, int]], height: int, width: int) -> Image:
    image = np.full((height, width, 3), 255, dtype=np.uint8)
    for x0, y0, x1, y1 in lines:
        image[y0:y1, x0:x1] = 0
    return image


def test_a_page_of_usual_print_is_looked_at_once() -> None:
    detector = Detector()
    found = find_print(page([(5, 10, 80, 25), (5, 40, 80, 55)], 100, 90), detector, SIDE_PX)
    assert len(found) == 2
    assert detector.shown == [(100, 90, 1.0)]


def test_a_blank_page_has_no_print() -> None:
    assert find_print(page([], 100, 90), Detector(), SIDE_PX).shape == (0, 4, 2)


def test_small_print_is_found_whole_in_bands_of_the_enlarged_page() -> None:
    lines = [(20, y, 300, y + 12) for y in range(10, 390, 16)]
    lines.append((320, 150, 335, 260))  # a tall word across the middle
    detector = Detector()
    found = find_print(page(lines, 400, 350), detector, SIDE_PX)
    boxes = sorted(
        (float(q[:, 0].min()), float(q[:, 1].min()), float(q[:, 0].max()), float(q[:, 1].max()))
        for q in found
    )
    assert boxes == sorted(tuple(map(float, line)) for line in lines)
    assert len(detector.shown) > 2
    assert max(height for height, _, _ in detector.shown[1:]) < 400 / 2


@given(
    st.integers(40, 400),
    st.integers(1, 4),
    st.lists(st.tuples(st.floats(0, 390), st.floats(1, 60)), min_size=1, max_size=30),
)
def test_bands_cover_the_page_in_order(
    height: int, n_bands: int, lines: list[tuple[float, float]]
) -> None:
    bands = _bands(height, quads([(0, top, 50, top + tall) for top, tall in lines]), n_bands)
    assert len(bands) == n_bands
    assert (bands[0][0], bands[-1][1]) == (0, height)
    assert all(a[1] == b[0] and a[0] < a[1] for a, b in pairwise(bands))
