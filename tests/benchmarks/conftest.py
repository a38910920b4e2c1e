"""The tiny family of the engine tests, for benchmarks that paint."""

from tests.engines.conftest import tiny_weights as tiny_weights
