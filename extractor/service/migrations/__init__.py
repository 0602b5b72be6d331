"""Alembic migrations; the service applies them when it starts."""
