"""The optimizers of the ALBERT paper: AdamW and LAMB, with rates by group of variables."""
