/* Small comforts over pages that also work without them. Everything is attached by data attributes. */
(() => {
  const root = document.documentElement;
  const say = (text) => {
    const voice = document.getElementById("gw-voice");
    if (voice) {
      voice.textContent = "";
      requestAnimationFrame(() => {
        voice.textContent = text;
      });
    }
  };

  /* Works within the click itself, so a link that also opens a page has copied before the page has gone. */
  const copyNow = (text) => {
    const field = document.createElement("textarea");
    const focused = document.activeElement;
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    focused?.focus?.();
    return copied;
  };

  const copy = async (text, inThisClick) => {
    if (inThisClick && copyNow(text)) {
      return true;
    }
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyNow(text);
    }
  };

  const copyFrom = async (button) => {
    const source = document.getElementById(button.dataset.copies);
    if (!source) {
      return;
    }
    const copied = await copy(source.dataset.text || source.value || source.textContent.trim(), button.matches("a"));
    const word = button.querySelector("[data-word]") || button;
    const before = button.dataset.before || word.textContent;
    button.dataset.before = before;
    word.textContent = copied ? button.dataset.copied : button.dataset.failed;
    say(word.textContent);
    setTimeout(() => {
      word.textContent = before;
    }, 2500);
  };

  const toggleTheme = () => {
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = next;
    try {
      localStorage.setItem("gangway-theme", next);
    } catch {
      /* A browser that keeps nothing still gets the theme for this page. */
    }
  };

  const fold = (button) => {
    const folded = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("is-folded");
    button.setAttribute("aria-expanded", String(!folded));
  };

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on("[data-copies]")) {
      copyFrom(on("[data-copies]"));
    }
    if (on("[data-theme-toggle]")) {
      toggleTheme();
    }
    if (on("[data-folds]")) {
      fold(on("[data-folds]"));
    }
    if (on("[data-print]")) {
      window.print();
    }
    if (on("[data-opens]")) {
      document.getElementById(on("[data-opens]").dataset.opens).showModal();
    }
    if (on("[data-closes]")) {
      on("dialog").close();
    }
  });

  /* The page's language, in the manner of the person's country: dates and numbers are written differently in London,
     New York and Vienna, also on an English page. */
  const manner = () => {
    const [person, page] = [navigator.language, root.lang.split("-")[0]];
    try {
      const own = new Intl.Locale(person);
      return own.language === page ? person : `${page}-${own.maximize().region}`;
    } catch {
      return root.lang;
    }
  };
  const tongue = manner();

  /* Who chose a zone reads times in that one, everybody else in the browser's own. */
  const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zoned = { timeZone: root.dataset.zone || browserZone };

  /* The server writes times in the zone it knows of, with its name; here they become the person's own. */
  const localise = (scope) => {
    for (const number of scope.querySelectorAll("data[data-number]")) {
      number.textContent = new Intl.NumberFormat(tongue).format(number.value);
      delete number.dataset.number;
    }
    for (const time of scope.querySelectorAll("time[data-local]")) {
      const isExact = time.dataset.local === "exact";
      const style = { dateStyle: "medium", timeStyle: isExact ? "medium" : "short", ...zoned };
      const zone = { timeZoneName: "short", ...zoned };
      const at = new Date(time.dateTime);
      const whole = new Intl.DateTimeFormat(tongue, style).format(at);
      const isDay = time.dataset.local === "day";
      const day = { dateStyle: "medium", ...zoned };
      time.title = isDay ? whole : time.textContent.trim();
      time.textContent = isDay ? new Intl.DateTimeFormat(tongue, day).format(at) : whole;
      if (isExact || time.dataset.local === "zone") {
        const parts = new Intl.DateTimeFormat(tongue, zone).formatToParts(at);
        time.textContent += ` ${parts.find((part) => part.type === "timeZoneName").value}`;
      }
      delete time.dataset.local;
    }
  };

  /* What the server writes by itself, such as a filter's days, then also means the browser's zone. */
  const tellZone = () => {
    const told = `__Host-browser-zone=${encodeURIComponent(browserZone)}`;
    if (browserZone && document.body.matches(".gw-desk") && !document.cookie.includes(told)) {
      document.cookie = `${told}; Path=/; Secure; SameSite=Lax`;
    }
  };

  /* Our clock may differ from the server's: the page says what time it was there when it was made. */
  const skew = new Date(root.dataset.now) - Date.now();

  /* A countdown is for the eye only; the time it ends at is in the text beside it. */
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-until]")) {
      const left = Math.max(0, Math.round((new Date(clock.dataset.until) - Date.now() - skew) / 1000));
      const words = clock.dataset.left.replace("{minutes}", Math.floor(left / 60)).replace("{seconds}", left % 60);
      clock.textContent = left ? `(${words})` : "";
    }
  };

  /* A part that changes by itself keeps what was open in it, and the person stays where they were. */
  const stops = (part) => [...part.querySelectorAll("a[href], button, input, select, textarea, summary")];
  let left = { at: -1, open: [] };
  const leave = (part) => {
    const open = [...part.querySelectorAll("details")].map((details) => details.open);
    left = { at: stops(part).indexOf(document.activeElement), open };
  };
  const comeBack = (part) => {
    for (const [place, details] of part.querySelectorAll("details").entries()) {
      details.open ||= left.open[place] || false;
    }
    if (left.at >= 0 && !part.contains(document.activeElement)) {
      (stops(part)[left.at] || document.getElementById("main")).focus({ preventScroll: true });
    }
  };

  /* What looks like a button answers to the space bar as one. */
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches("a[role='button']")) {
      event.preventDefault();
      event.target.click();
    }
  });

  /* Of two boxes that say one or the other, ticking one unticks its fellow. */
  document.addEventListener("change", (event) => {
    const fellow = document.getElementById(event.target.dataset.unticks);
    if (fellow && event.target.checked) {
      fellow.checked = false;
    }
  });

  const submitOnChange = () => {
    for (const field of document.querySelectorAll("[data-submits]")) {
      field.addEventListener("change", () => field.form.requestSubmit());
    }
  };

  /* One press is one request: a form that was sent can't be sent again until the answer comes. What is downloaded never
     leaves the page, so nothing would say that the answer came. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const method = event.submitter?.formMethod || form.method;
    if (method === "post" && !form.hasAttribute("hx-post") && !form.hasAttribute("data-downloads")) {
      if (form.dataset.sent) {
        event.preventDefault();
      }
      form.dataset.sent = "yes";
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
    }
  });

  /* A page that answers a refused form is remembered as a plain visit: Back and reload show the form once more, instead
     of the browser's question whether to send it again. */
  history.replaceState(history.state, "", location.href);

  /* Who changes the language finds again what they had typed. It waits in this tab and nowhere else, until the page is
     there once more; secrets, and what the page itself put in, don't. */
  const TYPED = "gangway-typed";
  const NOT_TYPED = ["password", "hidden", "file", "submit", "button"];
  const fieldsOf = (form) =>
    [...form.elements].filter((field) => field.name && !NOT_TYPED.includes(field.type) && !field.disabled);
  const nameOf = (form, field) => {
    const ticked = ["checkbox", "radio"].includes(field.type) ? field.value : "";
    return JSON.stringify([new URL(form.getAttribute("action") || "", location).pathname, field.name, ticked]);
  };
  const eachTyped = (act) => {
    for (const form of document.querySelectorAll("main form[method='post']")) {
      fieldsOf(form).forEach((field) => act(nameOf(form, field), field, field.type === "checkbox" || field.type === "radio"));
    }
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.closest(".gw-languages")) {
      return;
    }
    const typed = {};
    eachTyped((name, field, ticks) => {
      typed[name] = ticks ? field.checked : field.value;
    });
    try {
      sessionStorage.setItem(TYPED, JSON.stringify(typed));
    } catch {
      /* Then it has to be typed once more. */
    }
  });
  const typeAgain = () => {
    let typed = {};
    try {
      typed = JSON.parse(sessionStorage.getItem(TYPED)) || {};
      sessionStorage.removeItem(TYPED);
    } catch {
      return;
    }
    eachTyped((name, field, ticks) => {
      if (name in typed && typed[name] !== (ticks ? field.checked : field.value)) {
        field[ticks ? "checked" : "value"] = typed[name];
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  };

  /* What was typed into one part of a desk page isn't lost when another part is sent. It waits in this tab, for this
     person and half an hour at most, until its field is there once more, and is marked there as not saved. Secrets,
     codes, ticks in lists and what stands in dialogs don't wait. */
  const UNSENT = "gangway-unsent";
  const UNSENT_FOR = 30 * 60_000;
  const STAYS = "[hx-get], [hx-post], [data-downloads], [method='dialog']";
  const NEVER_WAITS = "dialog *, table *, [autocomplete='one-time-code'], [autocomplete$='-password']";
  const unsentOf = (person) => {
    try {
      const found = JSON.parse(sessionStorage.getItem(UNSENT));
      const young = ([, one]) => Date.now() - one.at < UNSENT_FOR;
      return found?.person === person ? Object.fromEntries(Object.entries(found.fields).filter(young)) : {};
    } catch {
      return {};
    }
  };
  const keepUnsent = (person, fields) => {
    try {
      sessionStorage.setItem(UNSENT, JSON.stringify({ person, fields }));
    } catch {
      /* Then it has to be typed once more. */
    }
  };
  const isTyped = (field, ticks) => {
    if (field.form.querySelector("[aria-invalid='true'], [role='alert']")) {
      return true;
    }
    if (ticks) {
      return field.checked !== field.defaultChecked;
    }
    const options = [...(field.options || [])];
    const first = options.find((one) => one.defaultSelected) || options[0];
    return field.value !== (first ? first.value : field.defaultValue);
  };
  document.addEventListener("submit", (event) => {
    const [sent, desk] = [event.target, event.target.closest("main[data-person]")];
    if (!desk?.dataset.person || event.defaultPrevented || sent.matches(STAYS)) {
      return;
    }
    const kept = unsentOf(desk.dataset.person);
    const names = new Set(fieldsOf(sent).map((field) => nameOf(sent, field)));
    eachTyped((name, field, ticks) => {
      if (names.has(name)) {
        delete kept[name];
      } else if (!field.matches(NEVER_WAITS) && isTyped(field, ticks)) {
        kept[name] = { value: ticks ? field.checked : field.value, at: Date.now(), page: location.pathname };
      }
    });
    keepUnsent(desk.dataset.person, kept);
  });
  const markUnsaved = (field, words) => {
    const row = field.closest(".gw-field") || field.parentElement;
    let mark = row.querySelector(":scope > [data-mark]");
    if (!mark) {
      mark = document.createElement("p");
      mark.className = "gw-help";
      mark.dataset.mark = "unsaved";
      mark.id = `${field.id || field.name}_unsaved`;
      mark.textContent = words;
      row.append(mark);
    }
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${mark.id}`.trim());
  };
  const typeUnsent = () => {
    const [desk, note] = [document.querySelector("main[data-person]"), document.getElementById("gw-unsent")];
    if (!desk?.dataset.person) {
      return;
    }
    const kept = unsentOf(desk.dataset.person);
    eachTyped((name, field, ticks) => {
      const [one, what] = [kept[name], ticks ? "checked" : "value"];
      delete kept[name];
      if (!one || one.value === field[what]) {
        return;
      }
      const before = field[what];
      field[what] = one.value;
      if (field[what] !== one.value) {
        field[what] = before;
        return;
      }
      field.dispatchEvent(new Event("input", { bubbles: true }));
      markUnsaved(field, desk.dataset.unsaved);
    });
    const untold = Object.values(kept).filter((one) => !one.told);
    if (untold.length) {
      note.querySelector("a").href = untold[0].page;
      desk.prepend(note);
      note.hidden = false;
      for (const one of untold) {
        one.told = true;
      }
    }
    keepUnsent(desk.dataset.person, kept);
  };

  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    tellZone();
    typeAgain();
    typeUnsent();
    submitOnChange();
    tick();
    setInterval(tick, 1000);
    const wrong = document.querySelector("[aria-invalid='true'], [data-first-error]");
    if (wrong) {
      wrong.focus();
    }
  });
  /* A page that follows something asks less often the longer nothing happens, and seldom while nobody sees it. Who
     comes back to it is shown at once how things stand. */
  const FRESH = 60_000;
  const SETTLED = 300_000;
  const paces = new WeakMap();
  const paceOf = (part) => {
    const known = paces.get(part) || { changed: Date.now(), asked: 0 };
    paces.set(part, known);
    return known;
  };
  const restOf = (pace) => {
    const quiet = Date.now() - pace.changed;
    if (document.hidden) {
      return 10_000;
    }
    return quiet < FRESH ? 0 : quiet < SETTLED ? 5000 : 10_000;
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.elt;
    if (!part.matches("[hx-trigger^='every']")) {
      return;
    }
    const pace = paceOf(part);
    const seen = event.detail.requestConfig.triggeringEvent?.type === "visibilitychange" && !document.hidden;
    if (seen) {
      pace.changed = Date.now();
    } else if (Date.now() - pace.asked < restOf(pace)) {
      event.preventDefault();
      return;
    }
    pace.asked = Date.now();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    leave(event.detail.target);
    if (event.detail.xhr.status === 200) {
      paceOf(event.detail.target).changed = Date.now();
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    localise(event.target);
    comeBack(event.detail.target);
    tick();
  });
  document.addEventListener("htmx:oobAfterSwap", () => localise(document));
  document.addEventListener("htmx:responseError", () => say(root.dataset.lost || ""));
})();
