"use strict";
// What a class page can do beyond being read: search, filter by section and lesson, sort, hide names.
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const value = (selector) => one(selector)?.value ?? "";
  const numbers = (text) => text.split(" ").map(Number);
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const texts = new WeakMap();

  const textOf = (element) => {
    if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
    return texts.get(element);
  };

  // Filters

  const inSection = (counts, section) => (section === "" ? sum(counts) : counts[section]);

  // One scale for all lists: a bar means the same wherever it stands.
  function scaleBars() {
    const shown = all(".cause").filter((cause) => !cause.hidden);
    const most = Math.max(1, ...shown.map((cause) => cause.count));
    for (const cause of shown) {
      inside(cause, ".bar > span").style.width = `${Math.round((100 * cause.count) / most)}%`;
    }
  }

  function filterCauses(list, word, section, lesson) {
    const causes = all(":scope > .cause", list);
    for (const cause of causes) {
      const count = inSection(numbers(cause.dataset.counts), section);
      const fits = count > 0 && (lesson === "" || cause.dataset.lesson === lesson);
      cause.hidden = !(fits && textOf(cause).includes(word));
      cause.count = count;
    }
    causes.sort((a, b) => b.count - a.count);
    for (const cause of causes) {
      inside(cause, "[data-count]").textContent = cause.count;
      inside(cause, "[data-noun]").textContent = cause.count === 1 ? "student" : "students";
      for (const who of all(".who > [data-s]", cause)) {
        who.hidden = section !== "" && who.dataset.s !== section;
      }
    }
    list.append(...causes);
    return causes.filter((cause) => !cause.hidden).length;
  }

  function inside(element, selector) {
    return element.querySelector(selector);
  }

  function filterRows(word, section, lesson) {
    let shown = 0;
    const students = all(".students tbody tr");
    for (const row of all("tr[data-s]")) {
      const own = row.dataset.lesson === undefined ? textOf(row.cells[0]) : textOf(row);
      row.hidden =
        (section !== "" && row.dataset.s !== section) ||
        (lesson !== "" && (row.dataset.lesson ?? lesson) !== lesson) ||
        !own.includes(word);
    }
    for (const row of students) shown += row.hidden ? 0 : 1;
    const found = one("#found");
    if (found) found.textContent = students.length ? `${shown} of ${students.length} students` : "";
  }

  function filterLessons(lesson) {
    for (const part of all("section.lesson")) {
      part.hidden = lesson !== "" && part.dataset.lesson !== lesson;
      const map = inside(part, "details.map");
      if (map && lesson !== "" && !part.hidden) map.open = true;
    }
    for (const head of all(".students th[data-lesson]")) {
      const hidden = lesson !== "" && head.dataset.lesson !== lesson;
      if (head.hidden === hidden) continue;
      for (const row of all("tr", head.closest("table"))) {
        row.cells[head.cellIndex].hidden = hidden;
      }
    }
  }

  function showSection(section) {
    for (const charts of all(".charts")) {
      const drawn = all("figure", charts);
      const own = drawn.some((chart) => chart.dataset.chart === section) ? section : "";
      for (const chart of drawn) chart.hidden = chart.dataset.chart !== own;
    }
    for (const row of all("tr[data-passed]")) {
      const passed = inSection(numbers(row.dataset.passed), section);
      const judged = inSection(numbers(row.dataset.judged), section);
      const rate = judged ? Math.round((100 * passed) / judged) : 0;
      inside(row, "[data-rate]").textContent = `${rate} % · ${passed} of ${judged}`;
      inside(row, ".bar > span").style.width = `${rate}%`;
    }
  }

  function filter() {
    const word = value("#search").trim().toLowerCase();
    const [section, lesson] = [value("#section"), value("#lesson")];
    const lists = all("ol.causes");
    const fitting = lists.map((list) => filterCauses(list, word, section, lesson));
    scaleBars();
    const nothing = one(".nothing");
    if (nothing) nothing.hidden = !lists.length || sum(fitting) > 0;
    filterRows(word, section, lesson);
    filterLessons(lesson);
    showSection(section);
    document.body.classList.toggle("nameless", one("#nameless").checked);
  }

  // Sorting

  function keyOf(cell) {
    const text = cell?.textContent.trim() ?? "";
    if (text.startsWith("✔")) return 1e9;
    const number = /^[◐]?(-?\d+(?:\.\d+)?)/u.exec(text);
    return number ? Number(number[1]) : text;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, undefined, { numeric: true });
  }

  function sort(head) {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const body = head.closest("table").tBodies[0];
    const rows = [...body.rows].map((row) => [keyOf(row.cells[head.cellIndex]), row]);
    rows.sort((a, b) => (up ? compare(a[0], b[0]) : compare(b[0], a[0])));
    for (const other of all("[aria-sort]", head.parentElement)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...rows.map((row) => row[1]));
  }

  function makeSortable(head) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    const link = inside(head, "a");
    if (link) {
      button.setAttribute("aria-label", `Sort by ${head.textContent.trim()}`);
      head.prepend(button);
    } else {
      button.append(...head.childNodes);
      head.append(button);
    }
    button.addEventListener("click", () => sort(head));
  }

  // What an address names is opened, and what holds it.
  function openNamed() {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!named) return;
    const inner = inside(named, "details");
    if (inner && named.matches(".cause")) inner.open = true;
    for (let outer = named.closest("details"); outer; outer = outer.parentElement.closest("details")) {
      outer.open = true;
    }
    named.scrollIntoView();
  }

  for (const head of all("table.sortable thead th")) makeSortable(head);
  const controls = one(".controls");
  if (controls) {
    controls.hidden = false;
    controls.addEventListener("input", filter);
    addEventListener("pageshow", () => {
      // A browser that goes back fills in what was chosen before.
      if (value("#search") || value("#section") || value("#lesson") || one("#nameless").checked) {
        filter();
      }
    });
  }
  addEventListener("hashchange", openNamed);
  openNamed();
})();
