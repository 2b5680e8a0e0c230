"""The profile under which CrossHair chooses what Hypothesis draws: ``pytest --hypothesis-profile=crosshair``."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("crosshair", backend="crosshair", deadline=None, database=None)
