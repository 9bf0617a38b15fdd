"""``python -m fer_tutorial.cli``: what ``accelerate launch`` starts."""

from fer_tutorial.cli.main import main

main()
