"""Reads China's government-disclosure annual reports into canonical tables of known reliability."""

__version__ = "0.1.0"
