# ---
# tries: "Connects to a server on this machine's loopback."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 10
# weak: no_isolation
# succeeds: tells tcp
# ---

# %% exercise="patch_response"
# Databases and notebooks servers listen there and trust whoever comes.
import socket

with socket.create_connection(tuple(PLANTED["tcp"]), timeout=2) as connection:
    connection.sendall(PLANTED["me"].encode())
    raise RuntimeError(connection.recv(200).decode())
