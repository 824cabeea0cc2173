"""How good a model is: scores, intervals, calibration."""
