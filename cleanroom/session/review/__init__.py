"""Decisions about uncertain pairs, ours and the partner's."""
