"""The load generator: wrk, or autocannon where there is no wrk, found or fetched by the command itself. It owns how a
load is described and what comes back, and knows nothing of the servers. Described in bench/README.md, "The load".
"""

from bench.load.generator import Generator, LoadResult, RunRefused, Target, choose_generator

__all__ = ["Generator", "LoadResult", "RunRefused", "Target", "choose_generator"]
