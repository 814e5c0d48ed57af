# ---
# tries: "Publishes a printed score in the name of a cell that it did not run in."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 6
# weak: trusting_messages
# succeeds: points
# ---

# %%
# Output belongs to a cell by what its parent header says, and that is only data.
kernel = get_ipython().kernel
parent = {"header": {"msg_id": "the check's", "msg_type": "execute_request", "session": "grader"}}
kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "score: 3\n"}, parent)


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
