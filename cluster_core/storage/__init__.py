"""Files and caches on disk: safe moves, the trash, the cache file, file hashes."""
