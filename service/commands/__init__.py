"""The command line, one module a command.  All but ``run`` and ``sandbox`` work beside a running service."""
