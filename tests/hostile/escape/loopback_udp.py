# ---
# tries: "Sends a datagram to a server on this machine's loopback."
# expect: {patch_response: error|timeout 0, feature_map_size: passed 2}
# seconds: 12
# weak: no_isolation
# succeeds: tells udp
# ---

# %% exercise="patch_response"
# As name servers are asked; nothing needs to be connected for it.
import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.settimeout(1.5)
    sender.sendto(PLANTED["me"].encode(), tuple(PLANTED["udp"]))
    raise RuntimeError(sender.recv(200).decode())
