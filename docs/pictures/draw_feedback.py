"""Draws `feedback.png`: what a student sees who flips the kernel in `convolve2d`.

Needs Chromium and the `dev` extra; run as `python docs/pictures/draw_feedback.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from cnn_course.convolution import convolve2d
from grader.judging.diagnose import explained
from grader.judging.testing import judge_here
from grader.report.feedback import feedback_html

FLIPPED = """
import numpy as np

def convolve2d(image, kernel):
    k, l = kernel.shape
    out = np.empty((image.shape[0] - k + 1, image.shape[1] - l + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i:i + k, j:j + l] * np.flip(kernel)).sum()
    return out
"""
PAGE = """<body style="margin: 0; background: #fff; font: 14px system-ui, sans-serif">
<div id="shot" style="width: 760px; padding: 14px 18px">
<pre style="background: #f5f5f5; padding: 8px; margin: 0 0 10px">check("convolve2d")</pre>
{}</div>"""


def main() -> None:
    """Draw the picture beside this file."""
    feedback = explained(convolve2d, judge_here(convolve2d, FLIPPED))
    html = PAGE.format(feedback_html(feedback, hints_left=len(convolve2d.hints)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(device_scale_factor=1.5)
        page.set_content(html)
        page.locator("#shot").screenshot(path=Path(__file__).with_name("feedback.png"))
        browser.close()


if __name__ == "__main__":
    main()
