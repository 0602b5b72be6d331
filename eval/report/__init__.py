"""An evaluation in, `report.html`, `report.json` and lines on the terminal out."""

from eval.report.page import write_report
from eval.report.terminal import print_summary

__all__ = ["print_summary", "write_report"]
