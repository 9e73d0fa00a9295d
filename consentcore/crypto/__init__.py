"""Keys per person, sealed columns, blind index, rotation and shredding (design: crypto-and-ledger)."""
