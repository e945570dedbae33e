"""Algorithms and formulas that Kafka itself does not have, to measure it against."""
