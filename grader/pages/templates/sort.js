"use strict";
// Makes the tables of class "sortable" sortable by mouse and keyboard; without this script they are plain tables.
const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const order = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : words.compare(a, b));

function keyOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  return text === "" ? null : cell.dataset.sort !== undefined && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function sortBy(table, head) {
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.rows[0].cells) {
    if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  }
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => [keyOf(row, head.cellIndex), row]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // empty cells are last both ways
    return up ? order(a, b) : order(b, a);
  });
  body.append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.rows[0].cells) {
    if (head.textContent.trim() === "" || head.dataset.sort === "no") continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sortBy(table, head));
  }
}

for (const place of document.querySelectorAll("[data-filter]")) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "search";
  label.className = "filter";
  label.append("Show only rows with ", input);
  place.before(label);
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of place.querySelector("tbody").rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
