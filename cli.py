"""Run the command line from a checkout: `python cli.py demo`. The installed command is `overlap`."""

from cleanroom.cli import main

if __name__ == "__main__":
    main()
