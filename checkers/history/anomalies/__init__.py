"""Kafka's anomalies in a recorded history: one pure function each, from the shared analysis to the evidence."""
