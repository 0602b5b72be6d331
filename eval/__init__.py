"""Batch evaluation of the extractor against labelled documents."""
