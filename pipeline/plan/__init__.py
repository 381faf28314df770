"""`albert-tfx plan`: what a run will need, told before it starts."""
