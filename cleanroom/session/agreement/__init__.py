"""Agreements and the policies they are made from."""
