"""The clients: which partition a record goes to."""
