"""What paper and screens are drawn with: the colours, and later the pictures."""
