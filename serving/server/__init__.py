"""A server that any TensorFlow Serving client works against unchanged: gRPC and REST, from pip."""
