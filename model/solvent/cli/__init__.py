"""The command ``solvent``, one module per subcommand."""

from solvent.cli.main import main

__all__ = ["main"]
