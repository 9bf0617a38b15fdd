"""Where figures come from and where they are kept: provenance, checkpoints, run folders, reports and studies."""
