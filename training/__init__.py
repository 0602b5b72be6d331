"""Synthesises documents, trains, calibrates and promotes the models of the product."""
