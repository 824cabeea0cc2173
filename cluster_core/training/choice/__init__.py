"""Choose the network that suits a dataset, by a trial of the networks at hand on its pictures."""
