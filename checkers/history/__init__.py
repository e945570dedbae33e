"""Judging recorded histories: formats, linearizability, weaker models, Kafka's anomalies."""
