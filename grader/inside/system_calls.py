"""A filter of system calls: what student code must not ask of Linux, whatever its rights.

Without it, an unprivileged process may make a user namespace and be root in there, with every right
to mount, and with it most of the kernel's code that has had security holes.
"""

from __future__ import annotations

import ctypes
import errno
import platform

# Numbers of system calls, from Linux's asm/unistd.h. Those from 424 on are the same everywhere.
_SAME = {
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "io_uring_setup": 425,
    "mount_setattr": 442,
}
_DENIED = {
    "x86_64": {
        **_SAME,
        # Memory, messages and semaphores of System V and POSIX outlive who made them.
        "shmget": 29,
        "semget": 64,
        "msgget": 68,
        "mq_open": 240,
        "ptrace": 101,
        "syslog": 103,
        "pivot_root": 155,
        "mount": 165,
        "umount2": 166,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        **_SAME,
        "umount2": 39,
        "mount": 40,
        "syslog": 116,
        "mq_open": 180,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "pivot_root": 41,
        "unshare": 97,
        "ptrace": 117,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "perf_event_open": 241,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "bpf": 280,
        "userfaultfd": 282,
    },
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_SOCKET = {"x86_64": 41, "aarch64": 198}
_WITHIN_MACHINE = 1  # AF_UNIX, sys/socket.h
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # linux/audit.h
_NEW_USER_NAMESPACE = 0x10000000  # linux/sched.h
_OTHER_ABI = 0x40000000  # x86_64's x32, where calls have other numbers

# Instructions of the classic BPF machine, from linux/bpf_common.h and linux/seccomp.h.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in struct seccomp_data

_SET_SECCOMP, _FILTER = 22, 2  # linux/prctl.h


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def install(*, network: bool) -> None:
    """Filter the system calls of this process and of all that it will start, for good.

    Without `network`, no socket can be made but those within this machine (AF_UNIX). Needs
    no_new_privs. Denied calls fail with EPERM; `clone3`, whose flags a filter cannot read, with
    ENOSYS, upon which the C library uses `clone`. Raises OSError where the machine's processor is
    unknown here, or Linux refuses the filter.
    """
    steps = _steps(platform.machine(), network=network)
    instructions = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "Linux refused the filter of system calls")


def _steps(machine: str, *, network: bool) -> list[tuple[int, int, int, int]]:
    if machine not in _DENIED:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {machine}")
    denied = (_RETURN, 0, 0, _FAIL | errno.EPERM)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        denied,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, 0, 1, _OTHER_ABI),
        denied,
        (_IF_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
    ]
    for number in _DENIED[machine].values():
        steps += [(_IF_EQUAL, 0, 1, number), denied]
    if not network:
        steps += [
            (_IF_EQUAL, 0, 4, _SOCKET[machine]),
            (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
            (_IF_EQUAL, 1, 0, _WITHIN_MACHINE),
            # Of EPERM, ZeroMQ dies when it looks for network interfaces; this it understands.
            (_RETURN, 0, 0, _FAIL | errno.EOPNOTSUPP),
            (_LOAD, 0, 0, _NUMBER_AT),
        ]
    return [
        *steps,
        (_IF_EQUAL, 0, 3, _CLONE[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_IF_ANY_BIT, 0, 1, _NEW_USER_NAMESPACE),
        denied,
        (_RETURN, 0, 0, _ALLOW),
    ]
