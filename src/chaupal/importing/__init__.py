"""Slice: what organizations have kept of their past elsewhere: read (`reading`), then taken in (`rules`)."""
