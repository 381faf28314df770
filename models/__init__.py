"""ALBERT: tokens, backbone, tasks, training engine, baselines and the served signatures."""
