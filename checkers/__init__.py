"""The engines: explore, simulate, judge, prove, and the command line. They know nothing of Kafka."""
