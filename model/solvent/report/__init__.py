"""Outcomes as people and programs read them."""
