"""What other tools make of the same documents, in the same run."""

from eval.peers.command import main

__all__ = ["main"]
