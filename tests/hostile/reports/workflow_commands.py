# ---
# tries: "Fails with lines that are commands to GitHub's runner."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows command
# ---

# %% exercise="patch_response"
# A runner obeys what a step prints: it hides text, sets paths, or reports another error.
raise RuntimeError(
    "oops\n::set-output name=score::5\n::add-mask::failed\r\n::stop-commands::x\n##[error]forged\n::x::"
)
