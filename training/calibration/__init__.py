"""The calibrator: how likely a reading is right, and from where on it may be accepted."""
