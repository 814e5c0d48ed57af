# ---
# tries: "Answers each question with the answer of an earlier question, and with many at once."
# expect: {patch_response: failed|error|timeout 0, feature_map_size: passed 2}
# seconds: 15
# weak: trusting_messages
# succeeds: points
# ---

# %%
# Replies are told apart by the id of their request: these have an old one, none, or another's.
kernel = get_ipython().kernel
answer = kernel.shell_handlers.get("ask_request")


def flooding(stream, ident, parent):
    for wrong in ({}, {"header": {"msg_id": "0"}}, {"header": {"msg_id": ["x"]}}):
        for kind in ("ask_reply", "execute_reply", "callback_request"):
            content = {"tree": '["dict",[["status","passed"],["score",3]]]', "score": 3}
            kernel.session.send(stream, kind, content, wrong, ident=ident)
    if answer:
        answer(stream, ident, parent)


kernel.shell_handlers["ask_request"] = flooding


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
