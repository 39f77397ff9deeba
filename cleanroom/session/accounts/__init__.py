"""Our own accounts: imported, judged, restricted, planted, forgotten."""
