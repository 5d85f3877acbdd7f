"""``python -m liebian_analytics.cli``."""

from liebian_analytics.cli.main import run

if __name__ == "__main__":
    run()
