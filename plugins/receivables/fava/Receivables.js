// The script of the receivables pages. All pages work without it, but for what writes to the ledger.
// Fava replaces a page's elements as a whole, so what is listened to here goes away with them.

const FLASH = "receivables-flash";

/** Say something at the top of the page. */
function tell(root, text, kind) {
  const box = root.querySelector("[data-status]");
  box.textContent = text;
  box.className = `ar-box ${kind}`;
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

/** Follow a link as Fava does, without loading its frame again. */
function go(root, href) {
  const link = document.createElement("a");
  link.href = href;
  link.hidden = true;
  root.append(link);
  link.click();
  link.remove();
}

/** Text in which marks that turn the direction of what follows are seen, and do nothing. */
function plain(text) {
  const escape = (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escape);
}

/** The rows of a table as text with tabs, as spreadsheets take it. */
function asText(table) {
  const rows = [...table.querySelectorAll("tr")];
  const cell = (c) => (c.innerText ?? "").replace(/\s+/g, " ").trim();
  return rows.map((row) => [...row.cells].map(cell).join("\t")).join("\n");
}

async function copy(root, button) {
  const table = button.closest(".ar-table").querySelector("table");
  const text = asText(table);
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
  } else {
    // Without https, and not on this machine, browsers give no clipboard.
    const area = document.createElement("textarea");
    area.value = text;
    root.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.textContent;
  button.textContent = root.dataset.copied;
  setTimeout(() => { button.textContent = before; }, 1500);
}

/** Fetch a table that takes long to make, and put it in its place. */
async function later(root, waiting) {
  const section = waiting.closest("section");
  try {
    const response = await fetch(waiting.dataset.later);
    if (!response.ok) { throw new Error(String(response.status)); }
    const template = document.createElement("template");
    // What the server sends is a part of its own page, with every text escaped.
    template.innerHTML = await response.text();
    section.replaceWith(template.content);
  } catch (error) {
    waiting.textContent = `${root.dataset.failed} (${error.message})`;
  }
}

/** Send a form as JSON; gives what was answered, or says what went wrong, after `outdated` has had its say. */
async function put(root, url, body, outdated = null) {
  try {
    const response = await fetch(url, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => null);
    if (response.ok && answer?.success) {
      return answer.data;
    }
    if (response.status === 412 && outdated) {
      outdated(answer?.error ?? "");
      return null;
    }
    tell(root, answer?.error ?? `${root.dataset.failed} (${response.status})`, "error");
  } catch (error) {
    tell(root, `${root.dataset.failed} (${error.message})`, "error");
  }
  return null;
}

function valuesOf(form) {
  const values = Object.fromEntries(new FormData(form));
  const several = form.querySelector("select[multiple]");
  if (several) {
    values[several.name] = [...several.selectedOptions].map((option) => option.value);
  }
  return values;
}

function today() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** The form for a note: what is half written stays when Fava loads the page again. */
function noteForm(root, form) {
  const key = `receivables-${form.dataset.draft}`;
  const date = form.querySelector("[data-today]");
  date.value ||= today();
  const draft = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  for (const field of form.elements) {
    if (field.multiple) {
      for (const option of field.options) { option.selected = (draft[field.name] ?? []).includes(option.value); }
    } else if (field.name && field.type !== "hidden" && draft[field.name] !== undefined) {
      field.value = draft[field.name];
    }
  }
  const kind = form.elements.namedItem("kind");
  const fit = () => {
    for (const part of form.querySelectorAll("[data-for]")) { part.hidden = part.dataset.for !== kind.value; }
  };
  fit();
  form.addEventListener("input", () => {
    fit();
    sessionStorage.setItem(key, JSON.stringify(valuesOf(form)));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = valuesOf(form);
    if (values.kind !== "promise") {
      values.amount = "";
      values.by = "";
    }
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    const done = await put(root, form.dataset.put, values);
    button.disabled = false;
    if (done) {
      sessionStorage.removeItem(key);
      sessionStorage.setItem(FLASH, done.text);
      go(root, window.location.href);
    }
  });
}

/**
 * What would be booked: first the diff, then, when it is agreed to, the append. `more` gives what the form itself does
 * not have; `finished` and `outdated` are called after the append and when the ledger has changed, `working` before and
 * after the server is asked. Gives what hides the diff.
 */
function postingForm(root, form, { more = () => ({}), finished = () => {}, outdated = null, working = () => {} } = {}) {
  const show = form.querySelector("[data-show]");
  const agree = form.querySelector("[data-agree]");
  const diff = form.querySelector("[data-diff]");
  const progress = form.querySelector("[data-progress]");
  let agreed = null;
  const kinds = { "+": "plus", "-": "minus", "@": "place" };
  const hide = () => {
    agreed = null;
    diff.hidden = true;
    agree.hidden = true;
  };
  const asked = () => ({ ...valuesOf(form), ...more() });
  const busy = () => form.getAttribute("aria-busy") === "true";
  /** Ask the server, which may take a minute: meanwhile the form says so, and asks for nothing else. */
  const ask = async (body) => {
    form.setAttribute("aria-busy", "true");
    progress.hidden = false;
    progress.textContent = form.dataset.working;
    show.disabled = true;
    agree.disabled = true;
    working(true);
    try {
      return await put(root, form.dataset.put, body, outdated);
    } finally {
      form.removeAttribute("aria-busy");
      progress.hidden = true;
      progress.textContent = "";
      show.disabled = false;
      agree.disabled = false;
      working(false);
    }
  };
  form.addEventListener("change", hide);
  form.addEventListener("keydown", (event) => {
    // A key that is held down agrees to nothing.
    if (event.key === "Enter" && event.repeat) { event.preventDefault(); }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy()) { return; }
    hide();
    const body = asked();
    const said = await ask(body);
    // What was asked for may be something else by now.
    if (!said || JSON.stringify(asked()) !== JSON.stringify(body)) { return; }
    tell(root, said.text, "");
    agreed = said.agreed ?? null;
    diff.replaceChildren(...said.diff.split("\n").map((line) => {
      const span = document.createElement("span");
      span.className = kinds[line[0]] ?? "";
      span.textContent = `${plain(line)}\n`;
      return span;
    }));
    diff.hidden = !said.diff;
    agree.hidden = !agreed;
    if (agreed) { agree.focus(); }
  });
  agree.addEventListener("click", async (event) => {
    // The second click of a double one was meant for what stood there before.
    if (busy() || !agreed || event.detail > 1) { return; }
    const done = await ask({ ...asked(), agreed });
    if (done) {
      finished();
      sessionStorage.setItem(FLASH, done.text);
      go(root, window.location.href);
    }
  });
  return hide;
}

/** The content of a file that was chosen, as JSON takes it. */
function asBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

/** Send the files that were chosen on the page; their tokens, or null when one was refused. */
async function sendOwn(root, form) {
  const tokens = [];
  for (const file of form.querySelector("[data-own]")?.files ?? []) {
    const content = await asBase64(file).catch(() => "");
    const sent = await put(root, form.dataset.upload, { name: file.name, content });
    if (!sent) { return null; }
    tokens.push(sent.token);
  }
  return tokens;
}

/**
 * Bank lines, one after the other. What is chosen is kept here, in the browser, and sent whole with each step; it stays
 * when Fava loads the page again, as long as the ledger and the files are what they were.
 */
function decisions(root, section, booking) {
  const asked = JSON.parse((section ?? booking).dataset.asked);
  const { state } = (section ?? booking).dataset;
  const key = `receivables-bank-${JSON.stringify(asked)}`;
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  let choices = [];
  const restart = (text) => {
    sessionStorage.removeItem(key);
    sessionStorage.setItem(FLASH, text);
    go(root, window.location.href);
  };
  const body = () => ({ ...asked, state, choices });
  const hide = booking
    ? postingForm(root, booking, {
      more: body,
      finished: () => sessionStorage.removeItem(key),
      outdated: restart,
      // What is decided while it is being booked would be decided twice.
      working: (on) => section?.toggleAttribute("inert", on),
    })
    : () => {};
  if (!section) { return; }
  const place = section.querySelector("[data-line]");
  const status = section.querySelector("[data-status]");
  const spoken = section.querySelector("[data-said]");
  /** What a screen reader says of the line that is now to decide. */
  const tellLine = () => {
    const parts = place.querySelectorAll(".ar-progress, .ar-paid, .ar-remittance, .ar-waits li, .ar-found");
    const first = place.querySelector("[data-key='1']")?.getAttribute("aria-label");
    spoken.textContent = [...[...parts].map((part) => part.textContent), first ?? ""]
      .map((text) => text.replace(/\s+/g, " ").trim()).filter(Boolean).join(". ");
  };

  /** Send these choices, and show the line that is then to decide. */
  const step = async (wanted, look = {}, focus = true) => {
    if (section.getAttribute("aria-busy") === "true") { return; }
    section.setAttribute("aria-busy", "true");
    status.hidden = true;
    const said = await put(section, section.dataset.put, { ...asked, state, choices: wanted, ...look }, restart);
    section.removeAttribute("aria-busy");
    if (!said) { return; }
    if (JSON.stringify(said.choices) !== JSON.stringify(choices)) { hide(); }
    choices = said.choices;
    sessionStorage.setItem(key, JSON.stringify({ state, choices }));
    // What the server sends is a part of its own page, with every text escaped.
    place.innerHTML = said.html;
    tellLine();
    if (focus) {
      (place.querySelector("[data-focus]") ?? section).focus();
      section.scrollIntoView({ block: "nearest" });
    }
  };
  const line = () => place.querySelector("[data-id]").dataset.id;

  section.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) { return; }
    const { choose, customer, candidate, edit, add, seen } = button.dataset;
    // The second click of a double one would decide the next line, which nobody has seen.
    if (event.detail > 1 && add === undefined) { return; }
    if (choose === "leave") {
      step([...choices, { line: line(), how: "leave" }]);
    } else if (choose) {
      const number = choose === "take" ? Number(candidate) : 0;
      step([...choices, { line: line(), how: choose, customer, candidate: number, seen: seen ?? "" }]);
    } else if (edit !== undefined) {
      step(choices, { edit });
    } else if (add !== undefined) {
      const field = place.querySelector("[data-focus]");
      field.value = field.value.trim() ? `${field.value.trim()}, ${add}` : add;
      field.focus();
    } else if ("undo" in button.dataset) {
      step(choices.slice(0, -1));
    } else if ("back" in button.dataset) {
      step(choices);
    }
  });
  section.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const values = valuesOf(form);
    if ("searchForm" in form.dataset) {
      if (values.search.trim()) { step(choices, { search: values.search }); }
    } else {
      const { customer } = form.dataset;
      step([...choices, { line: line(), how: "edit", customer, text: values.text, reason: values.reason ?? "" }]);
    }
  });
  section.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { return; }
    const writing = event.target.matches("input, select, textarea");
    let wanted = null;
    if (event.key === "Escape") {
      wanted = place.querySelector("[data-back]");
      if (!wanted && writing) { section.focus(); }
    } else if (writing || (event.key === "Enter" && event.target.closest("button, a, summary"))) {
      // A field takes what is written, a button what it is pressed for.
    } else if (event.key === "s" && place.querySelector("[data-search]")) {
      event.preventDefault();
      place.querySelector("[data-search]").focus();
    } else {
      wanted = place.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]:not([disabled])`);
    }
    // Fava has keys of its own.
    event.stopPropagation();
    if (wanted) {
      event.preventDefault();
      // A key that is held down decides one line.
      if (!event.repeat) { wanted.click(); }
    }
  });
  const active = document.activeElement;
  if (kept.choices?.length && kept.state !== state) {
    sessionStorage.removeItem(key);
    tell(root, section.dataset.outdated, "warning");
  } else if (kept.choices?.length) {
    step(kept.choices, {}, false);
  }
  if (!active || active === document.body) { section.focus({ preventScroll: true }); }
}

export default {
  onExtensionPageLoad() {
    const root = document.querySelector("article .receivables");
    if (!root || root.dataset.ready) { return; }
    root.dataset.ready = "yes";
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-copy]");
      if (button) { copy(root, button); }
    });
    for (const form of root.querySelectorAll("form[data-navigate]")) {
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const query = new URLSearchParams();
        for (const [name, value] of new FormData(form)) {
          if (value) { query.append(name, value); }
        }
        if (form.dataset.reading) { tell(root, form.dataset.reading, "reading"); }
        if (form.dataset.upload) {
          const tokens = await sendOwn(root, form);
          if (tokens === null) { return; }
          for (const token of tokens) { query.append("files", token); }
        }
        go(root, `${form.action}?${query}`);
      });
      form.querySelector("select")?.addEventListener("change", () => form.requestSubmit());
    }
    if (window.top !== window.self) {
      // Inside a page of somebody else nothing is written: who clicks may not see what he clicks.
      for (const part of root.querySelectorAll("[data-put], [data-own]")) { part.remove(); }
    }
    for (const form of root.querySelectorAll("form[data-draft]")) { noteForm(root, form); }
    for (const form of root.querySelectorAll("form.ar-posting:not(.ar-receipts)")) { postingForm(root, form); }
    const [section, booking] = [root.querySelector(".ar-deciding[data-put]"), root.querySelector("form.ar-receipts")];
    if (section || booking) { decisions(root, section, booking); }
    for (const waiting of root.querySelectorAll("[data-later]")) { later(root, waiting); }
    const flash = sessionStorage.getItem(FLASH);
    if (flash) {
      sessionStorage.removeItem(FLASH);
      tell(root, flash, "");
    }
  },
};
