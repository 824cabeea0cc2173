"""Files and caches on disk: drafts, safe moves, the trash, the cache file, file hashes."""
