"""How results are shown: drawings of counterexamples, the gallery of committed ones, and the terminal."""
