"""Who a person is in this system, and what stands on that person."""
