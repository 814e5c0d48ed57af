# ---
# tries: "Fills the buffers of many Unix sockets in three processes: memory of Linux, not of a process."
# expect: {patch_response: memory 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says buffered [1-9]\\d{2,3} MiB"
# ---

# %% exercise="patch_response"
# What was sent to a socket that is never read stays in Linux, up to a few MiB for each.
import os
import socket
import time


def fill(pairs):
    buffered, block = 0, b"x" * 2**16
    for pair in pairs:
        pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
        pair[0].setblocking(False)
        try:
            while True:
                buffered += pair[0].send(block)
        except BlockingIOError:
            pass
    return buffered


READ, WRITE = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        held = [socket.socketpair() for _ in range(180)]
        os.write(WRITE, f"{fill(held) // 2**20}\n".encode())
        time.sleep(2)
        os._exit(0)
sums = b""
while sums.count(b"\n") < 3:
    sums += os.read(READ, 100)
raise RuntimeError(f"buffered {sum(map(int, sums.split()))} MiB")
