/* Lists by keyboard: / searches, j and k move along the rows, Enter opens, x ticks, ? shows the keys. Focus itself moves
   from link to link, so screen readers tell where one is; nothing happens while somebody types. */
(() => {
  const OFF = "gangway-keys-off";
  const help = () => document.getElementById("gw-keys");
  const voice = () => document.getElementById("gw-voice");
  const kept = () => {
    try {
      return localStorage.getItem(OFF) === "yes";
    } catch {
      return false;
    }
  };
  let off = kept();

  const say = (text) => {
    voice().textContent = "";
    requestAnimationFrame(() => {
      voice().textContent = text;
    });
  };
  const told = (name, numbers = {}) =>
    help().dataset[name].replace("%n", numbers.n).replace("%m", numbers.m);

  const typing = (target) => target.matches("input:not([type=checkbox]), textarea, select") || target.isContentEditable;
  const rows = () => [...document.querySelectorAll("main #list tbody tr")];
  const opener = (row) => row.querySelector("th a, td a, button");
  const current = () => document.activeElement?.closest?.("#list tbody tr");

  const move = (step) => {
    const all = rows();
    if (!all.length) {
      return;
    }
    const at = all.indexOf(current());
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    const link = opener(all[next]);
    link?.focus();
    all[next].scrollIntoView({ block: "nearest" });
    say(told("row", { n: next + 1, m: all.length }));
  };

  const tick = () => {
    const box = current()?.querySelector("input[type=checkbox]");
    if (box) {
      box.click();
      say(told(box.checked ? "ticked" : "unticked"));
    }
  };

  const search = () => {
    const field = document.querySelector("main input[type=search]");
    if (field) {
      field.focus();
      field.select();
    } else {
      location.assign(help().dataset.search);
    }
  };

  const DOES = { "/": search, j: () => move(1), k: () => move(-1), x: tick, "?": () => help().showModal() };
  const IN_A_ROW = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

  document.addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented;
    if (off || busy || !help() || typing(event.target) || document.querySelector("dialog[open], .dropdown-menu.show")) {
      return;
    }
    const does = DOES[event.key] || (current() && IN_A_ROW[event.key]);
    if (does) {
      event.preventDefault();
      does();
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.id === "gw-keys-on") {
      off = !event.target.checked;
      try {
        localStorage.setItem(OFF, off ? "yes" : "no");
      } catch {
        /* Then the choice is for this page only. */
      }
    }
    if (event.target.matches("[data-ticks-all]")) {
      for (const box of document.querySelectorAll("#list tbody input[type=checkbox]")) {
        box.checked = event.target.checked;
      }
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("gw-keys-on");
    if (choice) {
      choice.checked = !off;
    }
    if (location.hash === "#q") {
      document.getElementById("q")?.focus();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "list" && help()) {
      say(told("shown", { m: rows().length }));
    }
  });
})();
