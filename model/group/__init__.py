"""Consumer groups: who owns which partitions."""
