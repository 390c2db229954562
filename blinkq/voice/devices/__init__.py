"""Where a mixer's slot 0 ends: sound hardware, WAV files, or nothing."""
