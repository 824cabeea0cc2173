"""Decode the formats of astronomers: FITS, XISF and SER."""
