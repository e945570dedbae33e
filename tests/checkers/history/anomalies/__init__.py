"""Tests of Kafka's anomalies in histories."""
