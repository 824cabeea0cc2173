"""Everything of Cluster Lab that works without a browser."""
