"""One file for each stage of a journey: what it asks, what it accepts, what it writes down. None talks to Microsoft."""
