"""What paper and screens are drawn with: the colours, and the pictures as SVG."""
