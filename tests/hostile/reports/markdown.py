# ---
# tries: "Fails with Markdown: a mention of people, an image to load, a table and a fence that ends."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows markdown
# ---

# %% exercise="patch_response"
# A job summary is Markdown: an image tells its server who reads, a mention writes mail to people.
raise RuntimeError(
    "```\n````\n\n# Passed\n\n@octocat #1 ![x](http://evil.example/x.png)\n\n| a |\n|---|\n"
)
