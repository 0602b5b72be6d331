"""The second reader of table cells: its data, its network, its training."""
