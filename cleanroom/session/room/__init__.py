"""Rooms that we have joined."""
