"""What must hold: the spec language, the specs of Kafka's protocols with their variants, the catalogue of guarantees."""
