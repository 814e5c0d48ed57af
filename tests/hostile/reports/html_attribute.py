# ---
# tries: "Answers with a text that ends an attribute and a tag."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 8
# weak: plain_report
# succeeds: shows html
# ---

# %% exercise="patch_response"
# Values are shown too, and in attributes it is quotes that matter.
def patch_response(patch, kernel):
    return "' onmouseover='alert(1)' x='\"><svg/onload=alert(1)></textarea></title></pre>"
