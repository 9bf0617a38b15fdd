"""The command line: ``fer-tutorial train``, ``evaluate``, ``datasets``, ``pack``, ``faces`` and ``course``."""
