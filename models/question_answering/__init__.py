"""Question answering: rows, windows of contexts, spans, and the threshold of giving no answer."""
