"use strict";
// News of the class, asked for every other second: how far grading is, what is new, what was asked
// for. All that is shown comes as text. A page is shown anew only if nothing is being typed in it.
(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const at = (id) => document.getElementById(id);
  const shown = new URLSearchParams({ page: desk.dataset.page, made: desk.dataset.made });
  const follow = at("desk-follow");
  const began = Date.now();
  follow.checked = sessionStorage.getItem("desk-follow") !== "no";
  follow.addEventListener("change", () => {
    sessionStorage.setItem("desk-follow", follow.checked ? "yes" : "no");
  });

  const typed = () =>
    [...document.querySelectorAll("input, textarea, select")].some((field) => {
      if (field === follow || field.type === "hidden") return false;
      if (field.type === "checkbox") return field.checked !== field.defaultChecked;
      if (field.tagName === "SELECT") return document.activeElement === field;
      return field.value !== field.defaultValue || document.activeElement === field;
    });
  // As the page was, for the one that takes its place: what was open, and how far down it was.
  const place = "desk-place " + desk.dataset.page;
  const show = () => {
    const opened = [...document.querySelectorAll("details")].map((one) => one.open);
    sessionStorage.setItem(place, JSON.stringify({ opened, top: scrollY }));
    if (location.pathname === "/desk") {  // what was sent is not sent again
      location.assign(desk.dataset.back);
    } else {
      history.replaceState(null, "", location.pathname + location.hash);
      location.reload();
    }
  };
  const before = sessionStorage.getItem(place);
  sessionStorage.removeItem(place);
  if (before !== null) {
    const { opened, top } = JSON.parse(before);
    const now = [...document.querySelectorAll("details")];
    if (now.length === opened.length) now.forEach((one, n) => { one.open = opened[n]; });
    scrollTo(0, top);
  }
  at("desk-show").addEventListener("click", show);

  const filled = (list, lines) => {
    const items = lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    });
    const same = items.map((one) => one.textContent).join("\n") ===
      [...list.children].map((one) => one.textContent).join("\n");
    if (!same) list.replaceChildren(...items);
  };
  const told = (news) => {
    at("desk-run").hidden = news.run === null;
    if (news.run !== null) {
      at("desk-count").textContent = `${news.run.done} of ${news.run.total}`;
      at("desk-bar").max = Math.max(1, news.run.total);
      at("desk-bar").value = news.run.done;
      at("desk-now").textContent = news.run.now;
    }
    filled(at("desk-newest"), news.newest);
    filled(at("desk-jobs"), news.jobs);
    at("desk-newer").hidden = !news.newer;
    const wrong = document.querySelector(".desk-wrong") !== null;  // what was typed is kept
    if (news.newer && follow.checked && !wrong && !typed() && Date.now() - began > 4000) show();
  };
  const ask = async () => {
    let next = 2000;
    if (!document.hidden) {
      try {
        const answer = await fetch(`/desk/news?${shown}`, { cache: "no-store" });
        if (answer.ok) told(await answer.json());
        else next = 10000;
      } catch {
        at("desk-now").textContent = "The desk does not answer: is `grader serve` still running?";
        next = 10000;
      }
    }
    setTimeout(ask, next);
  };
  ask();
})();
