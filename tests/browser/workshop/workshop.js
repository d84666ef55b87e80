// The pages' own behaviour: a modal, a shadow tree with a style of its own, a list that moves, a canvas, an address that changes without loading.
const at = (id) => document.getElementById(id);
const on = (id, run) => at(id)?.addEventListener("click", run);
const lines = (tag, count, text) => {
  return Array.from({ length: count }, (_, index) => {
    const line = document.createElement(tag);
    line.textContent = text(index);
    line.style.setProperty("--at", index);
    return line;
  });
};

class KilnNote extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("p { background: #22303c; color: #faf7f2; padding: 12px; border-radius: 6px; margin: 0 }");
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = "<style>button { margin-top: 8px }</style><p>The kiln is cold.</p><button>How hot?</button>";
    root.querySelector("button").addEventListener("click", () => {
      sheet.insertRule("p.hot { background: #d9480f }");
      const note = root.querySelector("p");
      note.className = "hot";
      note.textContent = "1 240 degrees, until midnight.";
    });
  }
}
customElements.define("kiln-note", KilnNote);

on("terms", () => at("rules").showModal());
on("agree", () => at("rules").close());
at("waiting")?.append(...lines("li", 6, (index) => `Piece ${index + 1}`));
on("fire", () => {
  const list = at("waiting");
  list.lastChild.remove();
  list.prepend(list.lastChild);
  list.children[2].className = "fired";
  list.append(...lines("li", 2, (index) => `Late piece ${index + 1}`));
});
on("show", () => {
  at("pictures").hidden = false;
  const brush = at("glaze").getContext("2d");
  for (let row = 0; row < 11; row++) {
    for (let column = 0; column < 20; column++) {
      brush.fillStyle = `hsl(${row * 18 + column * 9} 70% 45%)`;
      brush.fillRect(column * 20, row * 20, 18, 18);
    }
  }
});
at("steps")?.append(...lines("p", 14, (index) => `Step ${index + 1} down to the yard`));
at("dates")?.append(...lines("p", 30, (index) => `Evening ${index + 1} of the season`));
for (const link of document.querySelectorAll("[data-class]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "", link.href);
    at("class").innerHTML = "<h1>Glazing</h1><p>Stir it well, dip it once, and wipe the foot.</p><p>Cobalt is the blue one.</p>";
  });
}
