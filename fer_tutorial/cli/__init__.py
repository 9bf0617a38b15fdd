"""The command line: ``fer-tutorial train``, ``evaluate``, ``datasets``, ``pack`` and ``faces``."""
