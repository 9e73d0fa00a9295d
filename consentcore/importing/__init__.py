"""Reading other systems’ exports by a declared mapping, streaming, losing no row."""
