# ---
# tries: "Fails with the markup of the library that prints reports in terminals."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows markup
# ---

# %% exercise="patch_response"
# `[link=…]` makes a link with any text; a tag that is not closed is an exception in the report.
raise RuntimeError("[link=http://evil.example]the gradebook[/link] [bold green]passed[/] [/red]")
