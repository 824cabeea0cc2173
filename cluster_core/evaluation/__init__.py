"""Evaluate models: scores, confidence intervals, calibration, and review of mistakes."""
