"""A class's results as tables for platforms and spreadsheets: a file a target; `write.tables` makes all."""
