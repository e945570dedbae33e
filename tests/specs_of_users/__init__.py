"""Specs that have nothing to do with Kafka, written as a user of the library would write them."""
