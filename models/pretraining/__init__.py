"""The parts of pretraining: sentences, segments, masks, and texts with words to fill in."""
