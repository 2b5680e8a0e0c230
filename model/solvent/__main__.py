"""``python -m solvent`` is the command ``solvent``."""

from solvent.cli import main

main()
