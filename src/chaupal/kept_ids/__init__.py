"""Slice: ids of old that had a scale unit behind them (`@2`): kept with it, found with any and with none."""
