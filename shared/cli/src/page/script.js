// Shows what changed without a reload, and moves by keys. Without it the page loads itself again.
"use strict";
(() => {
  const SOON = 1000; // while the first look is under way
  const LATER = 3000; // asking costs the cloud nothing: the console looks when it is time
  const content = document.getElementById("content");
  const when = document.getElementById("when");
  const said = document.getElementById("said");
  const keys = document.getElementById("keys");
  const opener = document.getElementById("open-keys");
  let version = document.body.dataset.version;
  let seen = ageBase(document);

  function ageBase(page) {
    const age = page.getElementById("age");
    return age ? performance.now() - Number(age.dataset.age) * 1000 : null;
  }

  function took(seconds) {
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const two = (number) => String(number).padStart(2, "0");
    if (hours > 0) return `${hours} h ${two(minutes)} min`;
    return minutes > 0 ? `${minutes} min ${two(rest)} s` : `${rest} s`;
  }

  function tick() {
    const age = document.getElementById("age");
    if (age && seen !== null) age.textContent = took(Math.max(0, Math.floor((performance.now() - seen) / 1000)));
  }

  // What an element is known by from look to look.
  function name(element) {
    if (element.matches("summary")) return `fold ${element.parentElement.id}`;
    return element.id ? `id ${element.id}` : `to ${element.getAttribute("href")}`;
  }

  // What a person opened, scrolled and pointed at stays as it is.
  function replace(page) {
    const fresh = page.getElementById("content");
    if (!fresh || fresh.innerHTML === content.innerHTML) return;
    const focus = document.activeElement;
    const held = content.contains(focus) ? name(focus) : null;
    const open = [...content.querySelectorAll("details[open][id]")].map((details) => details.id);
    const scrolled = [...content.querySelectorAll(".scroll[id]")].map((box) => [box.id, box.scrollLeft, box.scrollTop]);
    const heading = () => (content.querySelector("h1") || content).textContent;
    const before = heading();
    content.replaceChildren(...fresh.childNodes);
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    for (const [id, left, top] of scrolled) {
      const box = document.getElementById(id);
      if (box) [box.scrollLeft, box.scrollTop] = [left, top];
    }
    if (held) {
      const all = [...content.querySelectorAll("a, summary, .scroll")];
      (all.find((element) => name(element) === held) || content).focus({ preventScroll: true });
    }
    if (heading() !== before) said.textContent = heading();
  }

  async function look() {
    let next = LATER;
    if (!document.hidden) {
      try {
        const answer = await fetch(location.pathname + location.search, {
          headers: { "If-None-Match": `"${version}"` },
          cache: "no-store",
        });
        const age = answer.headers.get("X-Albridge-Age");
        if (age !== null) seen = performance.now() - Number(age) * 1000;
        if (answer.status !== 304) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          version = page.body.dataset.version;
          replace(page);
          document.title = page.title;
          when.replaceChildren(...(page.getElementById("when") || page.createElement("p")).childNodes);
        }
        when.classList.remove("lost");
        if (age === null) next = SOON;
      } catch {
        when.textContent = "The console does not answer any more: it may have been stopped. What is shown is old.";
        when.classList.add("lost");
      }
    }
    tick();
    setTimeout(look, next);
  }

  function rows() {
    return [...content.querySelectorAll("tbody a, summary, ul.row a")].filter((row) => row.getClientRects().length > 0);
  }

  function move(step) {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const to = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    const row = all[to];
    if (row) {
      row.focus();
      row.scrollIntoView({ block: "nearest" });
    }
  }

  function up() {
    const links = [...document.querySelectorAll("header nav a")];
    const above = links.filter((link) => link.pathname !== location.pathname).pop();
    if (above) location.assign(above.href);
  }

  const act = {
    j: () => move(1),
    k: () => move(-1),
    u: up,
    g: () => location.assign("/"),
    r: () => location.reload(),
    "?": () => keys.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    const does = act[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  });
  opener.hidden = false;
  opener.addEventListener("click", () => keys.showModal());
  document.getElementById("close").addEventListener("click", () => keys.close());
  setInterval(tick, 1000);
  setTimeout(look, seen === null ? SOON : LATER);
})();
