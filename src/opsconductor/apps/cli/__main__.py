"""`python -m opsconductor.apps.cli`: what the launcher runs."""

from opsconductor.apps.cli.app import main

if __name__ == "__main__":
    main()
