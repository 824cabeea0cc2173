"""Tables of answers in any format: CSV, JSON lines, Parquet, VOTable and ECSV."""
