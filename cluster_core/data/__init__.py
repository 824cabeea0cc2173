"""Datasets: folders of labelled pictures, indexed, checked and split."""
