# ---
# tries: "Connects to a Unix socket that has no file, only a name."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: tells abstract
# ---

# %% exercise="patch_response"
# Such names belong to the network, not to the file system: hiding files does not hide them.
import socket

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect("\0" + PLANTED["abstract"])
    connection.sendall(PLANTED["me"].encode())
    raise RuntimeError(connection.recv(200).decode())
