"""Pages: translate what a browser sent, call one action or read, translate back. It decides nothing by itself."""
