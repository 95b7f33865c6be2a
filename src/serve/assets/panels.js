// The panels that are no charts: bars, tables, figures, records, the log. Rows keep their elements, so that one that moves is
// the same row, and keeps the focus.
"use strict";

const Panels = (() => {
  const {number, percent, several, isolated, seconds, clock} = Words;
  const {html, colour, swatch} = Drawing;

  const MOVE_MS = 450;
  const $ = (id) => document.getElementById(id);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const text = (node, words) => { if (node.textContent !== words) node.textContent = words; };

  // ---- figures

  const rate = (window) => {
    const wide = window && Model.lengthOf(window);
    if (wide && window.total !== undefined) return window.total / wide;
    const rates = Model.figures ? Model.figures.rates.slice(-5) : [];
    return rates.length ? rates.reduce((a, b) => a + b, 0) / rates.length : null;
  };

  const delay = (windows) => {
    const found = windows.slice(-40).filter((window) => !window.open && window.end !== undefined && !window.all)
      .map((window) => window.received - window.end).filter((ms) => ms >= 0 && ms < 86400000).sort((a, b) => a - b);
    const part = (share) => found[Math.min(found.length - 1, Math.floor(found.length * share))];
    return found.length ? `${seconds(part(0.5))} / ${seconds(part(0.95))}` : "–";
  };

  const showFigures = (windows, window) => {
    const known = (value) => value === undefined || value === null ? "–" : number.format(value);
    const {figures} = Model;
    const perSecond = rate(window);
    text($("rate"), perSecond === null ? "–" : number.format(perSecond >= 100 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10));
    text($("counted"), known(window ? window.total : figures && figures.records));
    text($("distinct"), known(window && window.distinct));
    text($("late"), known(window && window.late));
    text($("rejected"), known(figures && figures.rejected));
    text($("delay"), delay(windows));
    for (const id of ["late", "rejected"]) $(id).dataset.some = String(/[1-9]/.test($(id).textContent));
  };

  // ---- bars

  const rows = new Map(); // list items by key

  const barRow = (key, {pin, point}) => {
    const item = html("li");
    const part = (name, tag = "span", inside = item) => {
      const made = html(tag, name);
      inside.append(made);
      return made;
    };
    const made = {item, rank: part("rank"), change: part("change"), key: part("key", "button"), track: part("track"), count: part("count"), share: part("share")};
    made.bar = part("bar", "span", made.track);
    made.sign = part("sign", "span", made.change);
    made.sign.setAttribute("aria-hidden", "true");
    made.spoken = part("unseen", "span", made.change);
    made.key.type = "button";
    made.key.textContent = key;
    made.key.title = key;
    made.key.addEventListener("click", () => pin(key));
    item.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && point(key));
    item.addEventListener("pointerleave", () => point(null));
    return made;
  };

  const change = (row) => {
    if (row.prev_rank === undefined || row.rank === undefined) return ["", "", ""];
    if (row.prev_rank === null) return ["new", "new", "new"];
    const up = row.prev_rank - row.rank;
    if (up > 0) return ["up", `▲${up}`, `up ${up}`];
    return up < 0 ? ["down", `▼${-up}`, `down ${-up}`] : ["", "", "unchanged"];
  };

  const fill = (row, data, at, most, window, isPinned) => {
    const [way, words, spoken] = change(data);
    text(row.rank, String(data.rank ?? at + 1));
    row.change.dataset.way = way;
    text(row.sign, words);
    text(row.spoken, spoken);
    row.key.setAttribute("aria-pressed", String(isPinned));
    row.bar.style.width = `${most ? Math.max(0, data.count) / most * 100 : 0}%`;
    row.bar.style.background = colour(data.colour);
    text(row.count, number.format(data.count));
    const share = data.share !== undefined && window.total ? data.count / window.total : data.share;
    text(row.share, share === undefined ? "" : percent(share));
  };

  const showBars = (window, pinned, acts) => {
    const list = $("bars");
    const shown = window ? window.rows : [];
    const isMoving = !isCalm.matches && rows.size > 0;
    const before = new Map([...rows].map(([key, row]) => [key, row.item.offsetTop]));
    const focused = document.activeElement;
    const most = Math.max(...shown.map((row) => Math.abs(row.count)), 0);
    const keys = new Set(shown.map((row) => row.key));
    list.dataset.changes = String(shown.some((row) => change(row)[0]));
    list.dataset.shares = String(shown.some((row) => row.share !== undefined));
    for (const [key, row] of rows) {
      if (keys.has(key)) continue;
      row.item.remove();
      rows.delete(key);
    }
    for (const other of [...list.children]) if (other.className === "empty") other.remove();
    shown.forEach((data, at) => {
      const isNew = !rows.has(data.key);
      const row = rows.get(data.key) || barRow(data.key, acts);
      rows.set(data.key, row);
      fill(row, data, at, most, window, pinned.has(data.key));
      if (list.children[at] !== row.item) list.insertBefore(row.item, list.children[at] || null);
      if (isNew && isMoving) row.item.animate([{opacity: 0}, {opacity: 1}], {duration: MOVE_MS});
    });
    if (!shown.length) {
      list.append(html("li", "empty", window ? "Nothing was counted in this window." : "No windows yet: rows come from window-count and topn."));
    }
    // A row that moved in the list has lost the focus.
    if (focused && focused !== document.activeElement && list.contains(focused)) focused.focus({preventScroll: true});
    if (!isMoving) return;
    for (const [key, row] of rows) {
      const moved = before.has(key) ? before.get(key) - row.item.offsetTop : 0;
      if (moved) row.item.animate([{transform: `translateY(${moved}px)`}, {transform: "none"}], {duration: MOVE_MS, easing: "ease-in-out"});
    }
  };

  // ---- keys that stay in the chart of lines, whether they are in the list or not

  const showPins = (pinned, pin) => {
    const box = $("pins");
    const name = JSON.stringify([...pinned]);
    if (box.dataset.shown === name) return;
    box.dataset.shown = name;
    const at = [...box.querySelectorAll("button")].indexOf(document.activeElement);
    if (!pinned.size) {
      box.replaceChildren("Press a key's name to pin its line, a place in the chart to see that window.");
      if (at >= 0) box.focus({preventScroll: true});
      return;
    }
    box.replaceChildren("Pinned:", ...[...pinned].map(([key, place]) => {
      const button = html("button");
      button.type = "button";
      button.title = "Let it go";
      button.append(swatch(colour(place)), html("span", "name", isolated(key)), html("span", "", "×"));
      button.addEventListener("click", () => pin(key));
      return button;
    }));
    // The next one takes the place of a pin that was let go, and its focus.
    const left = box.querySelectorAll("button");
    if (at >= 0) left[Math.min(at, left.length - 1)].focus({preventScroll: true});
  };

  // ---- tables

  const rowOf = (header, cells) => {
    const line = html("tr");
    for (const words of cells) line.append(html("td", "", String(words)));
    const first = html("th", "", header);
    first.scope = "row";
    line.prepend(first);
    return line;
  };
  const head = (line, names) => line.replaceChildren(...names.map((name) => {
    const cell = html("th", "", name);
    cell.scope = "col";
    return cell;
  }));

  const showTable = (windows, window, at) => {
    const keys = window ? window.rows : [];
    const figures = [...new Set(keys.flatMap((row) => Object.keys(row.figures || {})))];
    text($("caption"), window ? [window.title, window.range, window.open && !window.all ? "still open" : "", window.footer].filter(Boolean).join(" · ") : "No windows yet.");
    head($("columns"), [window && window.key || "Key", "Rank", "Before", "Count", "Share", ...figures]);
    $("rows").replaceChildren(...keys.map((row, place) => rowOf(row.key, [
      row.rank ?? place + 1,
      row.prev_rank === null ? "new" : row.prev_rank ?? "–",
      number.format(row.count),
      row.share === undefined ? "–" : percent(row.share),
      ...figures.map((name) => row.figures && row.figures[name] !== undefined ? number.format(row.figures[name]) : "–"),
    ])));
    const past = windows.slice(Math.max(0, at - 19), at + 1).reverse();
    const named = keys.slice(0, 8);
    $("history").hidden = past.length < 2;
    head($("history-columns"), ["Window", "All", ...named.map(({key}) => key)]);
    const known = (value) => value === undefined || value === null ? "–" : number.format(value);
    $("history-rows").replaceChildren(...past.map((one) => rowOf((one.range || "Now").replace(/^\d{4}-\d\d-\d\d (?=\d\d:)/, ""), [known(one.total), ...named.map(({key}) => known(Drawing.valueOf(one, key)))])));
  };

  // ---- records and the log

  const items = new Map(); // shown records by number

  const recordItem = (one) => {
    const [item, details, summary, pre] = ["li", "details", "summary", "pre"].map((name) => html(name));
    summary.textContent = one.text;
    details.addEventListener("toggle", () => {
      let words = one.text;
      try { words = JSON.stringify(JSON.parse(one.text), null, 2); } catch { /* a long record is cut, and no JSON any more */ }
      pre.textContent = details.open ? words : "";
    });
    details.append(summary, pre);
    item.append(details);
    return item;
  };

  const showRecords = () => {
    const wanted = $("filter").value.toLowerCase();
    const shown = Model.records.filter((one) => one.text.toLowerCase().includes(wanted)).reverse();
    const numbers = new Set(shown.map((one) => one.number));
    for (const [number, item] of items) {
      if (numbers.has(number)) continue;
      item.remove();
      items.delete(number);
    }
    const list = $("records");
    shown.forEach((one, at) => {
      if (!items.has(one.number)) items.set(one.number, recordItem(one));
      const item = items.get(one.number);
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] || null);
    });
    const rates = Model.figures ? Model.figures.rates : [];
    const perSecond = rates.length ? rates.at(-1) : 0;
    const pace = perSecond > 10 ? `; 10 of ${number.format(perSecond)} a second` : "";
    text($("sampled"), Model.records.length ? `${shown.length} of ${several(Model.records.length, "record")}${pace}` : "none yet");
  };

  const showLog = () => {
    const entries = Model.allLog().reverse();
    const name = JSON.stringify(entries);
    const list = $("log");
    if (list.dataset.shown === name) return;
    list.dataset.shown = name;
    list.replaceChildren(...(entries.length ? entries : [{text: "Nothing to tell: no line was rejected, nobody was too slow."}]).map(({at, text: words}) => {
      const item = html("li", at ? "" : "empty");
      if (at) item.append(html("time", "", clock(at, Model.about.zone)), " ");
      item.append(html("span", "", words));
      return item;
    }));
  };

  // ---- the tip at the pointer

  const tipFor = (box) => {
    const found = box.querySelector(".tip");
    if (found) return found;
    const made = html("div", "tip");
    made.setAttribute("aria-hidden", "true");
    box.append(made);
    return made;
  };

  const showTip = (box, {title, items: list, note}, clientX, clientY) => {
    const tip = tipFor(box);
    const lines = list.map(({name, value, fill: paint}) => {
      const line = html("p", "line");
      line.append(...(paint ? [swatch(paint)] : []), html("span", "name", isolated(name)), html("span", "value", value));
      return line;
    });
    tip.replaceChildren(html("p", "title", title), ...lines, ...(note ? [html("p", "note", note)] : []));
    tip.hidden = false;
    const bounds = box.getBoundingClientRect();
    const [x, y] = [clientX - bounds.left, clientY - bounds.top];
    const isLeft = x > bounds.width / 2;
    tip.style.left = `${Math.max(0, Math.min(bounds.width - tip.offsetWidth, isLeft ? x - tip.offsetWidth - 14 : x + 14))}px`;
    tip.style.top = `${Math.max(0, Math.min(bounds.height - tip.offsetHeight, y - tip.offsetHeight / 2))}px`;
  };
  const hideTip = (box) => {
    const tip = box.querySelector(".tip");
    if (tip) tip.hidden = true;
  };

  return {$, text, showFigures, showBars, showPins, showTable, showRecords, showLog, showTip, hideTip};
})();
