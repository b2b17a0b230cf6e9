"""``switchboard``: the command line's door.  Imports nothing heavy: worker processes pass through here too."""

import sys


def main() -> None:
    """Run the command line."""
    from service.commands import app

    sys.exit(app.run_app())


if __name__ == "__main__":
    main()
