"""Proofs: spec functions and plain algorithms run on symbolic values, and what Z3 makes of the terms."""
