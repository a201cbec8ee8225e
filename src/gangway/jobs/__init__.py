"""Background work: a thin seam over procrastinate that defers in the caller's transaction, in web and worker alike."""
