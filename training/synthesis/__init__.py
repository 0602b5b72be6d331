"""Lays out given slot values as reports in many formats, independent of how they are read."""
