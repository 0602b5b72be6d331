"""Paper: what machines, cameras and people do to a page, with exact geometry.

`degrade` is the pipeline; the modules follow the page on its way: `sheet`, `seals` and `pen` for
what is on it, `geometry` and `camera` for how it lies, `copier` for machines, `files` for bytes.
"""

from training.synthesis.paper.conditions import CONDITIONS, GROUPS, Condition
from training.synthesis.paper.degrade import Degraded, degrade
from training.synthesis.paper.files import (
    mix,
    render_pdf,
    to_image,
    to_pdf,
    to_tiff,
    to_tiff_fax,
)
from training.synthesis.paper.geometry import Transform

__all__ = [
    "CONDITIONS",
    "GROUPS",
    "Condition",
    "Degraded",
    "Transform",
    "degrade",
    "mix",
    "render_pdf",
    "to_image",
    "to_pdf",
    "to_tiff",
    "to_tiff_fax",
]
