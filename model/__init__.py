"""The reference implementation: the smallest real Kafka, sans I/O. Its parts arrive with the issues that need them."""
