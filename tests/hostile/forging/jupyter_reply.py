# ---
# tries: "Sends its own execute_reply with a score in it, before the real one."
# expect: {patch_response: failed|timeout 0, feature_map_size: passed 2}
# seconds: 15
# weak: trusting_messages
# succeeds: points
# ---

# %%
# The kernel's session signs whatever is sent through it; nothing shows who in the process did.
kernel = get_ipython().kernel


def reply(parent):
    content = {
        "status": "ok",
        "execution_count": 1,
        "user_expressions": {"score": {"status": "ok", "data": {"text/plain": "3"}}},
    }
    socket = (
        kernel.shell_streams[0] if getattr(kernel, "shell_streams", None) else kernel.shell_stream
    )
    kernel.session.send(socket, "execute_reply", content, parent, ident=kernel._asked)


# %% exercise="patch_response"
kernel._asked = [part for part in (kernel.get_parent("shell").get("identities") or [])]


def patch_response(patch, kernel_):
    for _ in range(3):
        kernel.session.send(
            kernel.iopub_socket,
            "execute_reply",
            {"status": "ok", "user_expressions": {"score": 3}},
            kernel.get_parent("shell"),
        )
        try:
            reply(kernel.get_parent("shell"))
        except Exception:
            pass
    return "nothing"
