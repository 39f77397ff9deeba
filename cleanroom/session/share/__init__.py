"""Shares on both sides: granted, read, shown, ended."""
