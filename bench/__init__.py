"""The benchmark house: every figure is a ratio against a baseline taken in the same run. It measures and prints; it
holds no product code and no timed test. How to run it and how to read it is in README.md beside it.
"""
