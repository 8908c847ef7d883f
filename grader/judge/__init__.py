"""The trusted side: comparison, kinds of check, hints, score."""
