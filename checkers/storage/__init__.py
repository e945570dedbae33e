"""Storage put to the proof: the log on a disk that crashes, at every point and in every way that it may."""
