"""The channels of Jupyter's protocol, in the order in which a warm kernel numbers its sockets."""

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
