"""Work that runs by itself: delivering messages, carrying out what was approved."""
