"""Our own keys changing, and the health of the machine that keeps them."""
