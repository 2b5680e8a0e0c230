"""The adapter protocol: its values as JSON holds them, and the reference engine that speaks it."""
