"""How a process gives up every right that student code must not have."""

from __future__ import annotations

import ctypes
import os
import secrets

import system_calls  # the module beside this one; see fork_server.py

# Linux's own numbers, from sys/prctl.h and linux/capability.h.
_DUMPABLE, _DROP_BOUND, _NO_NEW_PRIVILEGES, _AMBIENT, _CLEAR_ALL = 4, 24, 38, 47, 4
_CAPABILITY_VERSION = 0x20080522

# Users that nothing else on a machine runs as; each kernel becomes one of them at random, whichever
# process forked it, so that the limit on processes, which Linux counts for each user, counts each
# submission alone.
_FIRST_USER, _USERS = 1_200_000_000, 800_000_000

libc = ctypes.CDLL(None, use_errno=True)


def require_success(result: int, what: str) -> None:
    """Raise OSError where a call of the C library did not return 0."""
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def another_user() -> int:
    """A user that nothing else runs as; our own where we may become nobody else."""
    return _FIRST_USER + secrets.randbelow(_USERS) if os.geteuid() == 0 else os.geteuid()


def drop_privileges(user: int, *, network: bool) -> None:
    """Become `user` for good, without a capability and without a way to get one.

    `network` tells whether sockets beyond this machine's own may be made.
    """
    if os.geteuid() == 0:
        for capability in range(64):
            libc.prctl(_DROP_BOUND, capability, 0, 0, 0)  # ends at the last one that exists
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)(0, 0, 0, 0, 0, 0)
    require_success(libc.capset(header, nothing), "capset")
    require_success(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    system_calls.install(network=network)
    # A process that changed its user may not be looked into until it says so itself; the grader
    # reaches the sockets through /proc/PID/root.
    may_be_looked_into(yes=True)


def may_be_looked_into(*, yes: bool) -> None:
    """Whether processes of the same user may read this process's memory and descriptors."""
    libc.prctl(_DUMPABLE, int(yes), 0, 0, 0)
