"""The pages for people, on the service: upload, review, look at all reports, administrate.

Every page is built on the server for one visitor (NiceGUI), from values that other modules compute
without a browser: what the form looks like (`form_view`), what is open, and what comes next
(`desk`). What must be quick or needs the pointer is a component of its own (`components`,
`static/`); it shows what it is given and says what was done, and decides nothing.
"""

from __future__ import annotations

from extractor.review.site import install

__all__ = ["install"]
