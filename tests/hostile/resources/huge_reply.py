# ---
# tries: "Answers with a forged message of 200 MiB of nested JSON."
# expect: {patch_response: failed|timeout|crashed|memory|output_limit 0, feature_map_size: passed 2}
# seconds: 50
# weak: trusting_messages
# succeeds: points
# ---

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1


# %% exercise="patch_response"
# What is parsed takes many times the room of what is sent.
import hashlib
import hmac
import json
import time

kernel = get_ipython().kernel


def patch_response(patch, kernel_):
    return "nothing"


def answer(stream, ident, parent):
    session = kernel.session
    header = {"msg_id": str(time.time_ns()), "msg_type": "ask_reply"}
    about = {"msg_id": parent["header"]["msg_id"]}
    content = b'{"score": 3, "x": [' + b"[],{}," * (33 * 2**20) + b"[]]}"
    parts = [json.dumps(header).encode(), json.dumps(about).encode(), b"{}", content]
    mac = hmac.new(session.key, b"".join(parts), hashlib.sha256).hexdigest().encode()
    to = ident if isinstance(ident, list) else [ident]
    stream.send_multipart([*to, b"<IDS|MSG>", mac, *parts])


kernel.shell_handlers["ask_request"] = answer
