"""The data gate: anomalies stop a run before anything is trained."""
