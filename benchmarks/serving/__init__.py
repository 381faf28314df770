"""The server measured: overhead, throughput with and without batching, hot swaps, memory."""
