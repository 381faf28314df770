"""The TFX components of the pipeline, one folder each: plain functions, PTransforms, component."""
