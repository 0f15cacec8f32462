"""`python -m opsconductor.stack.fleet --data-dir DIR`: run the demo fleet in the foreground."""

from opsconductor.stack.fleet import main

if __name__ == "__main__":
    raise SystemExit(main())
