# ---
# tries: "Starts 1500 threads."
# expect: {patch_response: error|memory|crashed 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says started 1500"
# ---

# %% exercise="patch_response"
import threading

over = threading.Event()
threading.stack_size(2**16)
threads = []
try:
    for _ in range(1500):
        thread = threading.Thread(target=over.wait, args=(5,), daemon=True)
        thread.start()
        threads.append(thread)
finally:
    over.set()
raise RuntimeError(f"started {len(threads)}")
