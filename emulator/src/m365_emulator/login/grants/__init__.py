"""The token endpoint's grants, one file each."""
