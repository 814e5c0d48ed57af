# ---
# tries: "Connects to a Unix socket that lies in a folder of this machine."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: tells unix
# ---

# %% exercise="patch_response"
# Docker's daemon listens on one, and who reaches it is root.
import socket

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(PLANTED["unix"])
    connection.sendall(PLANTED["me"].encode())
    raise RuntimeError(connection.recv(200).decode())
