# ---
# tries: "Fails with a forged exception text that no file can hold."
# expect: {patch_response: error|not_attempted|timeout 0, feature_map_size: passed 2}
# seconds: 15
# weak: trusting_messages
# succeeds: unwritable
# ---

# %% exercise="patch_response"
# A lone surrogate passes through JSON as an escape, and fails where the record is written.
import hashlib
import hmac
import json
import time

kernel = get_ipython().kernel
parent = kernel.get_parent("shell")
header = {"msg_id": str(time.time_ns()), "msg_type": "execute_reply"}
about = {"msg_id": parent["header"]["msg_id"]}
content = {"status": "error", "ename": "ValueError\ud800", "evalue": "\udcff" * 10, "traceback": []}
parts = [json.dumps(part).encode() for part in (header, about, {}, content)]
mac = hmac.new(kernel.session.key, b"".join(parts), hashlib.sha256).hexdigest().encode()
identities = kernel._parent_ident.get("shell", b"") if hasattr(kernel, "_parent_ident") else b""
identities = identities if isinstance(identities, list) else [identities]
streams = getattr(kernel, "shell_streams", None) or [kernel.shell_stream]
streams[0].send_multipart([*identities, b"<IDS|MSG>", mac, *parts])
streams[0].flush()
raise ValueError("so that both agree")
