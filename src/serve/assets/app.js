// The page: keeps what came, shows one window of it, and lets the reader choose. Nothing is drawn more than once a second
// but figures; keys keep their rows, so that a row that moves is the same row.
"use strict";

(() => {
  const REORDER_MS = 1000;
  const MOVE_MS = 450;
  const STALLED_MS = 30000;
  const SPEAK_MS = 10000;
  const HIDDEN_MS = 60000;
  const MOST_RECORDS = 50;
  const LABELS = {live: "live", waiting: "waiting for input", connecting: "connecting"};

  const $ = (id) => document.getElementById(id);
  const {number} = Charts;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

  const page = {
    about: {zone: "UTC", kept: 360, top: 10},
    seq: -1,
    windows: new Map(), // by size, in order of time
    figures: null,
    ticked: 0,
    records: [],
    link: {state: "connecting"},
    size: null,
    chosen: null, // the place of a window in time; null: the newest
    pinned: new Set(),
    held: null, // what came during a pause
    kind: null,
    isTable: false,
    drawn: 0,
  };

  // ---- what comes

  const placeOf = (window) => window.end === undefined ? "" : `${window.end}/${window.start}`;

  const put = (window) => {
    const series = page.windows.get(window.size) || [];
    page.windows.set(window.size, series);
    const isBefore = (a, b) => a.end === undefined || a.end < b.end || (a.end === b.end && a.start < b.start);
    let at = series.length;
    while (at > 0 && isBefore(window, series[at - 1]) && placeOf(series[at - 1]) !== placeOf(window)) at -= 1;
    if (at > 0 && placeOf(series[at - 1]) === placeOf(window)) {
      if (series[at - 1].seq <= window.seq) series[at - 1] = window;
      return;
    }
    series.splice(at, 0, window);
    if (series.length > page.about.kept) series.shift();
  };

  const record = (records) => {
    for (const one of records) {
      const last = page.records.at(-1);
      if (!last || one.number > last.number) page.records.push(one);
    }
    page.records.splice(0, Math.max(0, page.records.length - MOST_RECORDS));
  };

  const tick = (figures) => {
    page.figures = figures;
    page.ticked = Date.now();
  };

  const reset = (snapshot) => {
    page.about = snapshot;
    page.windows.clear();
    page.records = [];
    page.drawn = 0;
    snapshot.windows.forEach(put);
    delete snapshot.windows;
    record(snapshot.records);
    tick(snapshot.figures);
    if (!page.windows.has(page.size)) page.size = null;
    page.isLoaded = true;
  };

  const take = ({type, data}) => {
    if (type === "resync") reset(data);
    if (type === "window") put(data);
    if (type === "records") record(data);
    if (type === "tick") tick(data);
  };

  // A message of the link. A tab that joins others has missed their beginning, and asks for it first.
  const receive = (message) => {
    if (message.type === "joined") {
      if (!message.isFirst) load();
      return;
    }
    if (message.type === "link") {
      page.link = message;
      return draw();
    }
    page.link = {state: "live"};
    if (!page.isLoaded && message.type !== "resync") return load();
    if (page.held && message.type === "resync") resume();
    if (page.held) {
      if (message.type === "window") page.held.count += 1;
      if (message.type === "tick") tick(message.data);
      else if (message.type === "window") page.held.windows.set(`${message.data.size} ${placeOf(message.data)}`, message.data);
      else if (message.type === "records") page.held.records = page.held.records.concat(message.data).slice(-MOST_RECORDS);
      // As much as is kept otherwise, and no more.
      if (page.held.windows.size > page.about.kept * 4) page.held.windows.delete(page.held.windows.keys().next().value);
      return draw();
    }
    take(message);
    draw();
  };

  let isLoading = false;
  const load = async () => {
    if (isLoading) return;
    isLoading = true;
    try {
      const answer = await fetch("/snapshot.json");
      if (answer.ok) reset(await answer.json());
    } catch {
      // The link says that the server is away, and the next sign of life brings us here again.
    }
    isLoading = false;
    draw();
  };

  const pause = () => { page.held = {windows: new Map(), records: [], count: 0}; };
  const resume = () => {
    const {windows, records} = page.held;
    page.held = null;
    windows.forEach(put);
    record(records);
    page.drawn = 0;
  };

  // ---- what is shown

  // Without a choice the first size stays, so that the page does not jump between them.
  const series = () => page.windows.get(page.size) || page.windows.values().next().value || [];

  const shownPlace = (windows) => {
    if (page.chosen === null) return windows.length - 1;
    const at = windows.findIndex((window) => placeOf(window) === page.chosen);
    return at < 0 ? windows.length - 1 : at;
  };

  const text = (node, words) => { if (node.textContent !== words) node.textContent = words; };
  // A key that is written from right to left does not take the words around it along.
  const isolated = (key) => `\u2068${key}\u2069`;
  const seconds = (ms) => ms >= 90000 ? `${Math.round(ms / 60000)} min` : ms >= 10000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(1)} s`;
  const clock = (ms) => new Intl.DateTimeFormat("en-GB", {timeStyle: "medium", timeZone: page.about.zone}).format(ms);
  const length = (window) => window.all || window.start === undefined ? null : (window.end - window.start) / 1000;

  const status = () => {
    const now = Date.now();
    const {figures, link, held} = page;
    if (link.state === "reconnecting") {
      return ["reconnecting", `reconnecting in ${Math.max(0, Math.ceil((link.at - now) / 1000))} s`];
    }
    if (held) return ["paused", `paused, +${held.count} window${held.count === 1 ? "" : "s"}`];
    if (!figures) return ["waiting", LABELS.connecting];
    if (figures.state === "ended") return ["ended", `ended ${clock(figures.ended)}, ${number.format(figures.records)} records`];
    if (figures.state === "live") {
      const quiet = figures.now - figures.last_input + (now - page.ticked);
      if (quiet > STALLED_MS) return ["stalled", `stalled ${seconds(quiet)}`];
    }
    return [figures.state, LABELS[figures.state] || figures.state];
  };

  const showStatus = () => {
    const [state, words] = status();
    $("state").dataset.state = state;
    text($("state"), words);
    return state;
  };

  const rate = (window) => {
    const wide = window && length(window);
    if (wide && window.total !== undefined) return window.total / wide;
    const rates = page.figures ? page.figures.rates.slice(-5) : [];
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
    const {figures} = page;
    const perSecond = rate(window);
    text($("rate"), perSecond === null ? "–" : number.format(perSecond >= 100 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10));
    text($("counted"), known(window ? window.total : figures && figures.records));
    text($("distinct"), known(window && window.distinct));
    text($("late"), known(window && window.late));
    text($("rejected"), known(figures && figures.rejected));
    text($("delay"), delay(windows));
  };

  // ---- bars

  const rows = new Map(); // list items by key

  const barRow = (key) => {
    const item = document.createElement("li");
    const part = (name, tag = "span") => {
      const made = document.createElement(tag);
      made.className = name;
      item.append(made);
      return made;
    };
    const made = {item, rank: part("rank"), change: part("change"), key: part("key", "button"), track: part("track"), count: part("count"), share: part("share")};
    const inside = (whole, name) => {
      const part = document.createElement("span");
      part.className = name;
      whole.append(part);
      return part;
    };
    made.bar = inside(made.track, "bar");
    made.sign = inside(made.change, "sign");
    made.sign.setAttribute("aria-hidden", "true");
    made.spoken = inside(made.change, "unseen");
    made.key.type = "button";
    made.key.textContent = key;
    made.key.title = key;
    made.key.addEventListener("click", () => {
      if (!page.pinned.delete(key)) page.pinned.add(key);
      page.drawn = 0;
      draw();
    });
    return made;
  };

  const change = (row) => {
    if (row.prev_rank === undefined || row.rank === undefined) return ["", "", ""];
    if (row.prev_rank === null) return ["new", "new", "new"];
    const up = row.prev_rank - row.rank;
    if (up > 0) return ["up", `▲${up}`, `up ${up}`];
    return up < 0 ? ["down", `▼${-up}`, `down ${-up}`] : ["", "", "unchanged"];
  };

  const showBars = (window) => {
    const list = $("bars");
    const shown = window ? window.rows : [];
    const isMoving = !isCalm.matches && rows.size > 0;
    const before = new Map([...rows].map(([key, row]) => [key, row.item.offsetTop]));
    const focused = document.activeElement;
    const most = Math.max(...shown.map((row) => Math.abs(row.count)), 0);
    const keys = new Set(shown.map((row) => row.key));
    list.dataset.changes = String(shown.some((row) => change(row)[0]));
    for (const [key, row] of rows) {
      if (keys.has(key)) continue;
      row.item.remove();
      rows.delete(key);
    }
    for (const other of [...list.children]) if (other.className === "empty") other.remove();
    shown.forEach((data, at) => {
      const isNew = !rows.has(data.key);
      const row = rows.get(data.key) || barRow(data.key);
      rows.set(data.key, row);
      const [way, words, spoken] = change(data);
      text(row.rank, String(data.rank ?? at + 1));
      row.change.dataset.way = way;
      text(row.sign, words);
      text(row.spoken, spoken);
      row.key.setAttribute("aria-pressed", String(page.pinned.has(data.key)));
      row.bar.style.width = `${most ? Math.max(0, data.count) / most * 100 : 0}%`;
      row.bar.style.background = Charts.colour(data.colour);
      text(row.count, number.format(data.count));
      const share = data.share !== undefined && window.total ? data.count / window.total : data.share;
      text(row.share, share === undefined ? "" : `${(share * 100).toFixed(1)}%`);
      if (list.children[at] !== row.item) list.insertBefore(row.item, list.children[at] || null);
      if (isNew && isMoving) row.item.animate([{opacity: 0}, {opacity: 1}], {duration: MOVE_MS});
    });
    if (!shown.length) {
      const empty = document.createElement("li");
      empty.className = "empty";
      empty.textContent = window ? "Nothing was counted in this window." : "No windows yet: rows come from window-count and topn.";
      list.append(empty);
    }
    // A row that moved in the list has lost the focus.
    if (focused && focused !== document.activeElement && list.contains(focused)) focused.focus({preventScroll: true});
    if (isMoving) {
      for (const [key, row] of rows) {
        const moved = before.has(key) ? before.get(key) - row.item.offsetTop : 0;
        if (moved) row.item.animate([{transform: `translateY(${moved}px)`}, {transform: "none"}], {duration: MOVE_MS, easing: "ease-in-out"});
      }
    }
  };

  // ---- the rest

  const showTable = (window) => {
    $("table").hidden = !page.isTable;
    for (const id of ["top", "time", "pace", "more"]) $(id).hidden = page.isTable;
    if (!page.isTable) return;
    text($("caption"), window ? [window.title, window.range, window.footer].filter(Boolean).join(" · ") : "No windows yet.");
    text($("key-name"), window && window.key || "Key");
    const cells = (row, at) => {
      const line = document.createElement("tr");
      const before = row.prev_rank === null ? "new" : row.prev_rank ?? "–";
      const share = row.share === undefined ? "–" : `${(row.share * 100).toFixed(1)}%`;
      for (const words of [row.rank ?? at + 1, before, row.key, number.format(row.count), share]) {
        const cell = document.createElement("td");
        cell.textContent = String(words);
        line.append(cell);
      }
      return line;
    };
    $("rows").replaceChildren(...(window ? window.rows.map(cells) : []));
  };

  let lines = null;

  const say = (windows, at) => {
    const window = windows[at];
    if (!window) return;
    const keys = window.rows.slice(0, 8).map((row) => `${isolated(row.key)} ${number.format(row.count)}`);
    text($("at"), `${window.range || "Now"}: ${keys.join(" · ")}`);
  };

  const FIGURE = /compound|sentiment|polarity|mood/i;
  const FEELINGS = new Set(["positive", "neutral", "negative", "pos", "neu", "neg", "mixed"]);

  const showMore = (windows, window) => {
    const rows = window ? window.rows : [];
    const names = new Set(rows.flatMap((row) => Object.keys(row.figures || {})));
    const isPart = (value) => value === undefined || Math.abs(value) <= 1;
    const figure = [...names].find((name) => FIGURE.test(name) && rows.every((row) => isPart(row.figures && row.figures[name])));
    const isFeeling = rows.length > 1 && rows.every((row) => FEELINGS.has(row.key.toLowerCase()));
    const isTopic = window && /topic|sentiment/i.test(window.key || "");
    const usual = figure ? "diverge" : isFeeling || isTopic ? "stack" : "heat";
    const kind = page.kind === "diverge" && !figure ? usual : page.kind || usual;
    for (const button of $("kinds").children) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
      if (button.dataset.kind === "diverge") button.hidden = !figure;
    }
    const keys = rows.slice(0, kind === "stack" ? 8 : 10);
    text($("more-title"), {heat: "Keys and windows", stack: "Shares", diverge: figure ? `Means of ${figure}` : "Sentiment"}[kind]);
    if (kind === "heat") Charts.heat($("extra"), windows, keys, page.about);
    if (kind === "stack") Charts.stack($("extra"), windows, keys);
    if (kind === "diverge") Charts.diverge($("extra"), rows, figure);
  };

  const showPace = (windows) => {
    const bars = windows.filter((window) => length(window) && window.total !== undefined).map((window) => ({
      start: window.start, end: window.end, value: window.total / length(window), late: (window.late || 0) / length(window), isOpen: window.open,
      title: `${window.range}: ${number.format(window.total)} counted${window.late === undefined ? "" : `, ${window.late} late`}`,
    }));
    const {figures} = page;
    const second = figures ? Math.floor(figures.now / 1000) * 1000 : 0;
    const rates = figures ? figures.rates.map((value, at, all) => {
      const end = second - (all.length - 1 - at) * 1000;
      return {start: end - 1000, end, value, title: `${clock(end)}: ${number.format(value)} records`};
    }) : [];
    Charts.columns($("rates"), bars.length ? bars : rates, {zone: page.about.zone, label: bars.length ? "Events per second of each window" : "Records per second"});
  };

  const items = new Map(); // shown records by number

  const showRecords = () => {
    const wanted = $("filter").value.toLowerCase();
    const shown = page.records.filter((one) => one.text.toLowerCase().includes(wanted)).reverse();
    const numbers = new Set(shown.map((one) => one.number));
    for (const [number, item] of items) {
      if (numbers.has(number)) continue;
      item.remove();
      items.delete(number);
    }
    const list = $("records");
    shown.forEach((one, at) => {
      if (!items.has(one.number)) {
        const [item, details, summary, pre] = ["li", "details", "summary", "pre"].map((name) => document.createElement(name));
        summary.textContent = one.text;
        details.addEventListener("toggle", () => {
          let words = one.text;
          try { words = JSON.stringify(JSON.parse(one.text), null, 2); } catch { /* a long record is cut, and no JSON any more */ }
          pre.textContent = details.open ? words : "";
        });
        details.append(summary, pre);
        item.append(details);
        items.set(one.number, item);
      }
      const item = items.get(one.number);
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] || null);
    });
    const rates = page.figures ? page.figures.rates : [];
    const perSecond = rates.length ? rates.at(-1) : 0;
    text($("sampled"), page.records.length ? `${shown.length} of ${page.records.length} shown${perSecond > 10 ? `, at most 10 of ${number.format(perSecond)} a second` : ""}` : "none yet");
  };

  const showSizes = () => {
    const box = $("sizes");
    box.hidden = page.windows.size < 2;
    const sizes = [...page.windows.keys()];
    if (box.children.length !== sizes.length) {
      box.replaceChildren(...sizes.map((size) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = size;
        button.addEventListener("click", () => choose(null, size));
        return button;
      }));
    }
    const current = series();
    sizes.forEach((size, at) => box.children[at].setAttribute("aria-pressed", String(page.windows.get(size) === current)));
  };

  const optionFor = (value, words) => {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = words;
    return option;
  };

  const showChoice = (windows, at) => {
    const select = $("window");
    // A list that is open is not taken from under the reader's hand.
    if (document.activeElement !== select) {
      const words = page.chosen === null ? "Newest" : windows[at] && windows[at].range || "Now";
      select.replaceChildren(optionFor(page.chosen ?? "", words));
    }
    $("older").disabled = at <= 0;
    $("newer").disabled = page.chosen === null;
  };

  const fillChoice = () => {
    const list = [...series()].reverse().map((window) => optionFor(placeOf(window), `${window.range}${window.open ? " (open)" : ""}`));
    $("window").replaceChildren(optionFor("", "Newest"), ...list);
    $("window").value = page.chosen ?? "";
  };

  let spoken = 0;
  const speak = (state, window) => {
    if (Date.now() - spoken < SPEAK_MS) return;
    spoken = Date.now();
    const leader = window && window.rows[0];
    text($("live"), leader ? `${isolated(leader.key)} leads with ${number.format(leader.count)}` : state);
  };

  const choose = (place, size = page.size) => {
    page.chosen = place;
    page.size = size;
    page.drawn = 0;
    draw();
  };

  const go = (by) => {
    const windows = series();
    const at = shownPlace(windows) + by;
    if (at < 0 || !windows.length) return;
    choose(at >= windows.length - 1 ? null : placeOf(windows[at]));
  };

  const drawAll = () => {
    const windows = series();
    const at = shownPlace(windows);
    const window = windows[at];
    const keys = window ? window.rows.slice(0, 8) : [];
    text($("title"), page.about.title && !page.about.title.includes("{") ? page.about.title : window ? window.title : "stream-serve");
    text($("range"), window && window.range || "");
    text($("top-title"), page.chosen === null ? "Top keys" : "Top keys of the chosen window");
    $("notice").hidden = !(window && window.open && !window.all);
    text($("notice"), "window still open");
    text($("footer"), window && window.footer || "");
    text($("source"), page.about.source ? `Source: ${page.about.source}` : "");
    $("svg").href = `/chart.svg?theme=${themeNow()}` + (window ? `&size=${encodeURIComponent(window.size)}` : "");
    showSizes();
    showChoice(windows, at);
    showBars(window);
    showTable(window);
    if (!page.isTable) {
      lines = Charts.lines($("lines"), windows, keys, {zone: page.about.zone, pinned: page.pinned, chosen: page.chosen === null ? null : at});
      showPace(windows);
      showMore(windows, window);
    }
    speak($("state").textContent, window);
  };

  // Figures at once, all else at most once a second, and not while nobody looks.
  let timer = 0;
  const draw = () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      const state = showStatus();
      const windows = series();
      const window = windows[shownPlace(windows)];
      showFigures(windows, window);
      $("pause").setAttribute("aria-pressed", String(Boolean(page.held)));
      const leader = window && window.rows[0];
      document.title = `${leader ? `${leader.key} ${number.format(leader.count)} – ` : ""}${state}`;
      if (document.hidden) return;
      if (!page.held) showRecords();
      const due = page.drawn + REORDER_MS - Date.now();
      if (due > 0) {
        timer = setTimeout(() => { timer = 0; draw(); }, due);
        return;
      }
      page.drawn = Date.now();
      drawAll();
    }, page.drawn ? 100 : 0);
  };

  // ---- what the reader does

  const themeNow = () => document.documentElement.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const showTheme = () => text($("theme"), themeNow() === "dark" ? "Light" : "Dark");

  const setTheme = (theme) => {
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("theme", theme); } catch { /* not kept, then */ }
    showTheme();
    draw();
  };

  const togglePause = () => {
    if (page.held) resume();
    else pause();
    draw();
  };

  const toggleTable = () => {
    page.isTable = !page.isTable;
    $("view").setAttribute("aria-pressed", String(page.isTable));
    text($("view"), page.isTable ? "Charts" : "Table");
    page.drawn = 0;
    draw();
  };

  const download = (name, type, words) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([words], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const shownWindow = () => series()[shownPlace(series())];
  const csv = (window) => {
    // A cell that a spreadsheet would take for a formula is text.
    const cell = (value) => {
      const words = String(value ?? "");
      const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const time = (ms) => ms === undefined ? "" : new Date(ms).toISOString();
    const head = ["window_start", "window_end", window.key || "key", "count", "rank", "prev_rank", "share", "total", "distinct"];
    const lines = window.rows.map((row) => [time(window.start), time(window.end), row.key, row.count, row.rank, row.prev_rank, row.share, window.total, window.distinct]);
    return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };

  $("pause").addEventListener("click", togglePause);
  $("view").addEventListener("click", toggleTable);
  $("theme").addEventListener("click", () => setTheme(themeNow() === "dark" ? "light" : "dark"));
  $("older").addEventListener("click", () => go(-1));
  $("newer").addEventListener("click", () => go(1));
  $("csv").addEventListener("click", () => shownWindow() && download("window.csv", "text/csv", csv(shownWindow())));
  $("json").addEventListener("click", () => shownWindow() && download("window.json", "application/json", JSON.stringify(shownWindow(), null, 2)));
  $("window").addEventListener("focus", fillChoice);
  $("window").addEventListener("change", (event) => choose(event.target.value || null));
  $("window").addEventListener("blur", draw);
  $("filter").addEventListener("input", showRecords);
  $("kinds").addEventListener("click", (event) => {
    page.kind = event.target.dataset.kind || page.kind;
    page.drawn = 0;
    draw();
  });
  $("lines").addEventListener("pointermove", (event) => {
    if (!lines) return;
    const at = lines.nearest(event.clientX);
    lines.mark(at);
    say(series(), at);
  });
  $("lines").addEventListener("pointerleave", () => lines && lines.mark(lines.chosen));
  $("lines").addEventListener("click", (event) => {
    const windows = series();
    if (lines && windows.length) choose(placeOf(windows[lines.nearest(event.clientX)]));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, summary, button, a, .scroll, .records")) {
      if (!["ArrowLeft", "ArrowRight", "t"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, .scroll, .records")) return;
    }
    const act = {" ": togglePause, ArrowLeft: () => go(-1), ArrowRight: () => go(1), t: toggleTable}[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  try {
    const kept = localStorage.getItem("theme");
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  } catch { /* as the system has it */ }
  showTheme();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
  new ResizeObserver(() => { page.drawn = 0; draw(); }).observe($("lines"));
  setInterval(showStatus, 1000);

  // ---- the link

  let leave = () => {};
  const join = () => {
    if (typeof SharedWorker === "function") {
      const worker = new SharedWorker("/worker.js", "stream-serve");
      worker.port.onmessage = (event) => receive(event.data);
      worker.port.start();
      leave = () => worker.port.postMessage("bye");
      return;
    }
    let close = openLink(receive);
    let hidden = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      if (!document.hidden) close = close || openLink(receive);
      else hidden = setTimeout(() => { close(); close = null; }, HIDDEN_MS);
    });
    leave = () => close && close();
  };
  document.addEventListener("visibilitychange", draw);
  addEventListener("pagehide", () => leave());
  // One that comes back from the browser's memory has missed what came meanwhile.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  join();
})();
