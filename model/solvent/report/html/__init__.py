"""The audit as one self-contained page."""

from solvent.report.html.page import page

__all__ = ["page"]
