"""What the program costs on this machine: ``make bench``."""
