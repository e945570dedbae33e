"""Assignments of partitions judged: whether they are right, how even they are, and how far from the best."""
