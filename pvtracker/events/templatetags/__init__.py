"""Filters of the event pages."""
