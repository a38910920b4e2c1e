"""Everything the sandbox remembers, in one SQLite file; each module owns the tables of one concept.

The store is synchronous on purpose: a call costs microseconds, and a method of the Bot API that does not await
between its reads and its commit cannot interleave with another one.
"""
