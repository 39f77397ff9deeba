"""Runs: from the list that goes in to the overlap that comes out."""
