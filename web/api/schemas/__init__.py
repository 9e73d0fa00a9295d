"""The only wire schemas: unknown fields are refused, and no answer holds more than its schema names."""
