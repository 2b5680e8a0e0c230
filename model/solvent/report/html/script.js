"use strict";
(() => {
  const drawer = document.getElementById("drawer");
  const drawn = document.getElementById("drawn");
  const matrix = document.querySelector(".matrix");
  let home = null; // where the card in the drawer belongs
  let next = null; // where to go once the drawer is closed

  const cardOf = (id) => {
    const target = id && document.getElementById(id);
    return target && target.closest(".card");
  };

  const putBack = () => {
    drawn.querySelectorAll(".here").forEach((outcome) => outcome.classList.remove("here"));
    if (home) home.append(drawn.firstElementChild);
    home = null;
  };

  const open = (id) => {
    const card = cardOf(id);
    if (!card) return false;
    if (card.parentElement !== drawn) {
      putBack();
      home = card.parentElement;
      drawn.append(card);
    }
    card.querySelectorAll(".outcome").forEach((outcome) => outcome.classList.toggle("here", outcome.id === id));
    if (!drawer.open) drawer.showModal();
    const target = document.getElementById(id);
    drawer.scrollTop = 0;
    if (target.getBoundingClientRect().top > drawer.clientHeight * 0.6) target.scrollIntoView({ behavior: "instant" });
    document.getElementById("drawer-title").textContent = card.querySelector("h3").textContent;
    target.focus({ preventScroll: true });
    history.replaceState(null, "", `#${id}`);
    return true;
  };

  drawer.addEventListener("close", () => {
    putBack();
    history.replaceState(null, "", location.pathname + location.search);
    if (next) location.hash = next;
    next = null;
  });
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const id = link.hash.slice(1);
    if (cardOf(id)) {
      event.preventDefault();
      open(id);
    } else if (drawer.open) {
      event.preventDefault();
      next = id;
      drawer.close();
    }
  });

  const rows = [...matrix.querySelectorAll("tbody tr[data-kind]")];
  const shownRows = () => rows.filter((row) => !row.hidden);
  const stops = [...matrix.querySelectorAll("td a")];
  stops.forEach((stop, place) => { stop.tabIndex = place ? -1 : 0; });

  const moveTo = (link) => {
    if (!link) return;
    stops.forEach((stop) => { stop.tabIndex = -1; });
    link.tabIndex = 0;
    link.focus();
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  matrix.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td");
    if (!cell) return;
    const row = cell.parentElement;
    const column = cell.cellIndex;
    const linkIn = (other) => other.cells[column] && other.cells[column].querySelector("a");
    const along = [...row.querySelectorAll("td a")];
    const visible = shownRows();
    const at = visible.indexOf(row);
    const next = {
      ArrowRight: () => along[along.indexOf(event.target) + 1],
      ArrowLeft: () => along[along.indexOf(event.target) - 1],
      ArrowDown: () => visible.slice(at + 1).map(linkIn).find(Boolean),
      ArrowUp: () => visible.slice(0, at).reverse().map(linkIn).find(Boolean),
      Home: () => along[0],
      End: () => along[along.length - 1],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    moveTo(next());
  });
  matrix.addEventListener("focusin", (event) => {
    if (event.target.matches("td a")) {
      stops.forEach((stop) => { stop.tabIndex = -1; });
      event.target.tabIndex = 0;
    }
  });

  const find = document.getElementById("find");
  const show = document.getElementById("show");
  const count = document.getElementById("count");
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      const text = row.cells[0].textContent.toLowerCase();
      row.hidden = (show.value && row.dataset.kind !== show.value) || !words.every((word) => text.includes(word));
    });
    matrix.querySelectorAll("tbody").forEach((part) => {
      part.hidden = ![...part.querySelectorAll("tr[data-kind]")].some((row) => !row.hidden);
    });
    const left = shownRows();
    count.textContent = left.length === rows.length ? "" : `${left.length} of ${rows.length} theorems`;
    const first = left.map((row) => row.querySelector("td a")).find(Boolean);
    if (first) {
      stops.forEach((stop) => { stop.tabIndex = -1; });
      first.tabIndex = 0;
    }
  };
  find.addEventListener("input", filter);
  show.addEventListener("change", filter);
  document.querySelector(".tools").hidden = false;

  addEventListener("beforeprint", () => {
    if (drawer.open) drawer.close();
    document.querySelectorAll("details:not([open])").forEach((part) => {
      part.open = true;
      part.dataset.printed = "";
    });
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-printed]").forEach((part) => {
      part.open = false;
      delete part.dataset.printed;
    });
  });
  open(location.hash.slice(1));
})();
