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

/** Send a form as JSON; gives what was answered, or says what went wrong. */
async function put(root, url, body) {
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

/** What a rule would book: first the diff, then, when it is agreed to, the append. */
function postingForm(root, form) {
  const show = form.querySelector("[data-show]");
  const agree = form.querySelector("[data-agree]");
  const diff = form.querySelector("[data-diff]");
  let agreed = null;
  const kinds = { "+": "plus", "-": "minus", "@": "place" };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show.disabled = true;
    const said = await put(root, form.dataset.put, valuesOf(form));
    show.disabled = false;
    if (!said) { return; }
    tell(root, said.text, "");
    agreed = said.agreed ?? null;
    diff.replaceChildren(...said.diff.split("\n").map((line) => {
      const span = document.createElement("span");
      span.className = kinds[line[0]] ?? "";
      span.textContent = `${line}\n`;
      return span;
    }));
    diff.hidden = !said.diff;
    agree.hidden = !agreed;
    if (agreed) { agree.focus(); }
  });
  agree.addEventListener("click", async () => {
    agree.disabled = true;
    const done = await put(root, form.dataset.put, { ...valuesOf(form), agreed });
    agree.disabled = false;
    if (done) {
      sessionStorage.setItem(FLASH, done.text);
      go(root, window.location.href);
    }
  });
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
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const query = new URLSearchParams();
        for (const [name, value] of new FormData(form)) {
          if (value) { query.append(name, value); }
        }
        go(root, `${form.action}?${query}`);
      });
      form.querySelector("select")?.addEventListener("change", () => form.requestSubmit());
    }
    if (window.top !== window.self) {
      // Inside a page of somebody else nothing is written: who clicks may not see what he clicks.
      for (const form of root.querySelectorAll("form[data-put]")) { form.remove(); }
    }
    for (const form of root.querySelectorAll("form[data-draft]")) { noteForm(root, form); }
    for (const form of root.querySelectorAll("form.ar-posting")) { postingForm(root, form); }
    const flash = sessionStorage.getItem(FLASH);
    if (flash) {
      sessionStorage.removeItem(FLASH);
      tell(root, flash, "");
    }
  },
};
