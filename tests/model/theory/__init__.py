"""Tests of what Kafka is measured against."""
