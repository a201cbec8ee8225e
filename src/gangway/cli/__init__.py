"""The command line: where every process begins."""
