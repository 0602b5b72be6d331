"""The token classifier: its base, its data, its network, its training, its artefact."""
