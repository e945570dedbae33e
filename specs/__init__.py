"""What must hold: the spec language, the specs of Kafka's protocols and their variants, the guarantees."""
