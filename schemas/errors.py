"""The error base of the system: what went wrong, for whom, and with which exit code."""


class AlbertTfxError(Exception):
    """A failure that the system can explain; the command line prints it without a traceback."""

    exit_code: int = 1


class UserError(AlbertTfxError):
    """Something the user gave (config, data, folder) must change; the message says what to do."""

    exit_code = 2


class RefusedError(UserError):
    """A gate refused the data before anything was trained; what is served stays as it was."""
