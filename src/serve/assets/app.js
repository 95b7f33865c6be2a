// The page: draws what the model knows, and lets the reader choose. Nothing is drawn more than once a second but figures, and
// what comes by itself takes no more than a twentieth of a processor to draw.
"use strict";

(() => {
  const REORDER_MS = 1000;
  const LONGEST_MS = 5000;
  const PART = 20;
  const STALLED_MS = 30000;
  const SPEAK_MS = 10000;
  const HIDDEN_MS = 60000;
  const LABELS = {live: "live", waiting: "waiting for input", connecting: "connecting"};

  const {$, text} = Panels;
  const {number, isolated, seconds, clock, several} = Words;

  const page = {
    link: {state: "connecting"},
    pinned: new Map(), // colours by key
    pointed: null,
    kind: null,
    isTable: false,
    drawn: 0,
    pause: REORDER_MS, // until the next
    charts: new Map(), // what the pointer finds, by the box of a chart
  };

  // ---- what comes

  // A message of the link. A tab that joins others has missed their beginning, and asks for it first.
  const receive = (message) => {
    if (message.type === "joined") {
      if (!message.isFirst) load();
      return;
    }
    if (message.type === "link") {
      if (page.link.state === "live") Model.saw("the server does not answer");
      page.link = message;
      // Where all places are taken, there is still the snapshot.
      if (message.failures > 1 || !Model.isLoaded) load().then((isThere) => { if (isThere && page.link === message) page.link = {...message, isFull: true}; draw(); });
      return draw();
    }
    if (page.link.state === "reconnecting") Model.saw("the server answers again");
    page.link = {state: "live"};
    // It holds all that a snapshot would.
    if (message.type === "resync") waiting = null;
    else if (!Model.isLoaded) load();
    if (waiting) waiting.push(message);
    else accept(message);
  };

  const accept = (message) => {
    if (message.type === "resync") page.drawn = 0;
    Model.take({type: message.type, data: JSON.parse(message.text)});
    draw();
  };

  // What comes while a snapshot is on its way, which may not hold it; null when none is.
  let waiting = null;
  const load = async () => {
    if (waiting) return false;
    const came = waiting = [];
    let isThere = false;
    try {
      const answer = await fetch("/snapshot.json");
      const snapshot = answer.ok && await answer.json();
      if (waiting !== came) return true;
      if (snapshot) {
        if (!Model.held) Model.reset(snapshot);
        isThere = true;
        page.drawn = 0;
      }
    } catch {
      // The link says that the server is away, and the next sign of life brings us here again.
      if (waiting !== came) return true;
    }
    waiting = null;
    if (Model.isLoaded) came.forEach(accept);
    draw();
    return isThere;
  };

  // ---- what is shown

  const status = () => {
    const now = Date.now();
    const {figures, held} = Model;
    if (page.link.state === "reconnecting") {
      const wait = Math.max(0, Math.ceil((page.link.at - now) / 1000));
      return ["reconnecting", page.link.isFull ? `no place free, again in ${wait} s` : `reconnecting in ${wait} s`];
    }
    if (held) return ["paused", `paused, +${several(held.count, "window")}`];
    if (!figures) return ["waiting", LABELS.connecting];
    // Windows of a history have come without records.
    const all = figures.windows ? several(figures.windows, "window") : several(figures.records, "record");
    if (figures.state === "ended") return ["ended", `ended ${clock(figures.ended, Model.about.zone)}, ${all}`];
    if (figures.state === "live") {
      const quiet = figures.now - figures.last_input + (now - Model.ticked);
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

  // What a chart shows beside its title: what is counted, by what, in which windows.
  const counted = (window) => Model.about.unit || "counted";
  const named = (window) => Model.about.label || window && window.key || "key";

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
    text($("more-title"), {heat: "Keys by window", stack: "Shares", diverge: "Sentiment"}[kind]);
    text($("more-about"), !window ? "" : {heat: `${counted(window)} in each window`, stack: `parts of each window`, diverge: `mean ${figure} by ${named(window)}`}[kind]);
    const {zone} = Model.about;
    if (kind === "heat") return ByKey.heat($("extra"), windows, keys, {zone});
    if (kind === "stack") return ByKey.stack($("extra"), windows, keys, {zone});
    return ByKey.diverge($("extra"), rows, figure);
  };

  const showPace = (windows) => {
    const {figures} = Model;
    const {zone} = Model.about;
    const perSecond = (value) => `${number.format(Math.round(value * 100) / 100)}/s`;
    const bars = windows.filter((window) => Model.lengthOf(window) && window.total !== undefined).map((window) => {
      const wide = Model.lengthOf(window);
      const late = window.late === undefined ? [] : [{name: "late", fill: "var(--fallen)", value: number.format(window.late)}];
      return {
        start: window.start, end: window.end, value: window.total / wide, late: (window.late || 0) / wide, isOpen: window.open,
        tip: {title: window.range, items: [{name: "counted", fill: "var(--series-0)", value: `${number.format(window.total)} (${perSecond(window.total / wide)})`}, ...late], note: window.open ? "still open" : ""},
      };
    });
    const second = figures ? Math.floor(figures.now / 1000) * 1000 : 0;
    const rates = figures ? figures.rates.map((value, at, all) => {
      const end = second - (all.length - 1 - at) * 1000;
      return {start: end - 1000, end, value, tip: {title: clock(end, zone), items: [{name: "records", fill: "var(--series-0)", value: number.format(value)}]}};
    }) : [];
    text($("pace-about"), bars.length ? "mean of each window" : "records of the last minute");
    return OverTime.columns($("rates"), bars.length ? bars : rates, {zone, label: bars.length ? "Events per second of each window" : "Records per second"});
  };

  const showSizes = () => {
    const box = $("sizes");
    box.hidden = Model.windows.size < 2;
    const sizes = Model.sizes();
    const focused = box.contains(document.activeElement) ? document.activeElement.textContent : null;
    if ([...box.children].map((button) => button.textContent).join() !== sizes.join()) {
      box.replaceChildren(...sizes.map((size) => {
        const button = Drawing.html("button", "", size);
        button.type = "button";
        button.addEventListener("click", () => choose(null, size));
        return button;
      }));
      const again = [...box.children].find((button) => button.textContent === focused);
      if (again) again.focus({preventScroll: true});
    }
    const current = Model.series();
    sizes.forEach((size, at) => box.children[at].setAttribute("aria-pressed", String(Model.windows.get(size) === current)));
  };

  const optionFor = (value, words) => {
    const option = Drawing.html("option", "", words);
    option.value = value;
    return option;
  };

  const showChoice = (windows, at) => {
    const select = $("window");
    // A list that is open is not taken from under the reader's hand.
    if (document.activeElement !== select) {
      const words = Model.chosen === null ? "Newest" : windows[at] && windows[at].range || "Now";
      select.replaceChildren(optionFor(Model.chosen ?? "", words));
    }
    // A button that is disabled loses the focus, and with it a reader's place.
    $("older").setAttribute("aria-disabled", String(at <= 0));
    $("newer").setAttribute("aria-disabled", String(Model.chosen === null));
  };

  const fillChoice = () => {
    const list = [...Model.series()].reverse().map((window) => optionFor(Model.placeOf(window), `${window.range}${window.open ? " (open)" : ""}`));
    $("window").replaceChildren(optionFor("", "Newest"), ...list);
    $("window").value = Model.chosen ?? "";
  };

  let spoken = 0;
  const speak = (state, window) => {
    if (Date.now() - spoken < SPEAK_MS) return;
    spoken = Date.now();
    const leader = window && window.rows[0];
    text($("live"), leader ? `${isolated(leader.key)} leads with ${number.format(leader.count)}` : state);
  };

  const choose = (place, size = Model.size) => {
    Model.chosen = place;
    Model.size = size;
    redraw();
  };

  const go = (by) => {
    const windows = Model.series();
    const at = Model.shownPlace(windows) + by;
    if (at < 0 || !windows.length) return;
    choose(at >= windows.length - 1 ? null : Model.placeOf(windows[at]));
  };

  const emphasised = () => new Set([...page.pinned.keys(), ...(page.pointed === null ? [] : [page.pointed])]);
  const acts = {
    pin: (key) => {
      const row = Model.shown() && Model.shown().rows.find((row) => row.key === key);
      if (!page.pinned.delete(key)) page.pinned.set(key, row && row.colour);
      redraw();
    },
    point: (key) => {
      page.pointed = key;
      const lines = page.charts.get("lines");
      if (lines) lines.emphasise(emphasised());
    },
  };

  // The pinned keys, wherever they are, and the first of the shown window.
  const MOST_LINES = 8;
  const lineKeys = (window) => {
    const rows = window ? window.rows.map((row, at) => ({...row, rank: row.rank ?? at + 1})) : [];
    const away = [...page.pinned].filter(([key]) => !rows.some((row) => row.key === key)).map(([key, colour]) => ({key, colour}));
    const here = rows.filter((row) => page.pinned.has(row.key));
    const others = rows.filter((row) => !page.pinned.has(row.key)).slice(0, Math.max(0, MOST_LINES - here.length - away.length));
    return [...rows.filter((row) => here.includes(row) || others.includes(row)), ...away];
  };

  const drawAll = () => {
    const windows = Model.series();
    // One that is no longer kept cannot be shown, and a row that left from under the pointer is not pointed at.
    if (Model.chosen !== null && !windows.some((window) => Model.placeOf(window) === Model.chosen)) Model.chosen = null;
    const at = Model.shownPlace(windows);
    const window = windows[at];
    const {about, chosen} = Model;
    if (!window || !window.rows.some(({key}) => key === page.pointed)) page.pointed = null;
    for (const id of ["csv", "json"]) $(id).disabled = !window;
    text($("title"), about.title && !about.title.includes("{") ? about.title : window ? window.title : "stream-serve");
    text($("range"), window && window.range || "");
    text($("top-title"), chosen === null ? "Newest window" : "Chosen window");
    text($("top-about"), window ? `${counted(window)} by ${named(window)}` : "");
    text($("time-about"), window && Model.lengthOf(window) ? `${counted(window)} in windows of ${window.size}` : "");
    $("notice").hidden = !(window && window.open && !window.all);
    text($("footer"), window && window.footer || "");
    $("svg").href = `/chart.svg?theme=${themeNow()}` + (window ? `&size=${encodeURIComponent(window.size)}` : "") + (window && chosen !== null && window.end !== undefined ? `&end=${window.end}` : "");
    showSizes();
    showChoice(windows, at);
    Panels.showPins(page.pinned, acts.pin);
    Panels.showBars(window, page.pinned, acts);
    Panels.showLog();
    $("table").hidden = !page.isTable;
    for (const id of ["top", "time", "pace", "more"]) $(id).hidden = page.isTable;
    if (page.isTable) Panels.showTable(windows, window, at);
    else {
      page.charts.set("lines", OverTime.lines($("lines"), windows, lineKeys(window), {zone: about.zone, pinned: emphasised(), chosen: chosen === null ? null : at}));
      page.charts.set("rates", showPace(windows));
      page.charts.set("extra", showMore(windows, window));
      for (const [id, {x, y}] of page.hover || []) hover(id, x, y);
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
      const windows = Model.series();
      const window = windows[Model.shownPlace(windows)];
      Panels.showFigures(windows, window);
      $("pause").setAttribute("aria-pressed", String(Boolean(Model.held)));
      const leader = window && window.rows[0];
      document.title = `${leader ? `${leader.key} ${number.format(leader.count)} – ` : ""}${state}`;
      if (document.hidden) return;
      if (!Model.held) Panels.showRecords();
      const due = page.drawn + page.pause - Date.now();
      if (due > 0) {
        timer = setTimeout(() => { timer = 0; draw(); }, due);
        return;
      }
      page.drawn = Date.now();
      drawAll();
      page.pause = Math.min(LONGEST_MS, Math.max(REORDER_MS, PART * (Date.now() - page.drawn)));
    }, page.drawn ? 100 : 0);
  };
  const redraw = () => {
    page.drawn = 0;
    clearTimeout(timer);
    timer = 0;
    draw();
  };

  // ---- the pointer over charts

  page.hover = new Map(); // where it is, by the box
  const hover = (id, x, y) => {
    const chart = page.charts.get(id);
    if (!chart) return;
    const at = chart.nearest(x);
    chart.mark(at);
    Panels.showTip($(id), chart.tip(at), x, y);
  };
  for (const id of ["lines", "rates", "extra"]) {
    const over = (event) => {
      page.hover.set(id, {x: event.clientX, y: event.clientY});
      hover(id, event.clientX, event.clientY);
    };
    $(id).addEventListener("pointermove", over);
    $(id).addEventListener("pointerdown", over);
    $(id).addEventListener("pointerleave", () => {
      page.hover.delete(id);
      Panels.hideTip($(id));
      const chart = page.charts.get(id);
      if (chart) chart.mark(null);
    });
  }
  $("lines").addEventListener("click", (event) => {
    const windows = Model.series();
    const chart = page.charts.get("lines");
    if (chart && windows.length) choose(Model.placeOf(windows[chart.nearest(event.clientX)]));
  });

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
    if (Model.held) {
      Model.resume();
      redraw();
      // Those of the time without a place in the stream.
      if (page.link.isFull) load();
    } else {
      Model.pause();
      draw();
    }
  };

  const toggleTable = () => {
    page.isTable = !page.isTable;
    $("view").setAttribute("aria-pressed", String(page.isTable));
    text($("view"), page.isTable ? "Charts" : "Table");
    redraw();
  };

  const download = (name, type, words) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([words], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const csv = (window) => {
    // A cell that a spreadsheet would take for a formula is text.
    const cell = (value) => {
      const words = String(value ?? "");
      const isFormula = typeof value === "string" && /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(words) && Number.isNaN(Number(words));
      const safe = isFormula ? `'${words}` : words;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const time = (ms) => ms === undefined ? "" : new Date(ms).toISOString();
    const figures = [...new Set(window.rows.flatMap((row) => Object.keys(row.figures || {})))];
    const head = ["window_start", "window_end", window.key || "key", "count", "rank", "prev_rank", "share", "total", "distinct", ...figures];
    const lines = window.rows.map((row) => [time(window.start), time(window.end), row.key, row.count, row.rank, row.prev_rank, row.share, window.total, window.distinct,
      ...figures.map((name) => row.figures && row.figures[name])]);
    return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  };

  $("pause").addEventListener("click", togglePause);
  $("view").addEventListener("click", toggleTable);
  $("theme").addEventListener("click", () => setTheme(themeNow() === "dark" ? "light" : "dark"));
  $("older").addEventListener("click", () => go(-1));
  $("newer").addEventListener("click", () => go(1));
  $("csv").addEventListener("click", () => Model.shown() && download("window.csv", "text/csv", csv(Model.shown())));
  $("json").addEventListener("click", () => Model.shown() && download("window.json", "application/json", JSON.stringify(Model.shown(), null, 2)));
  $("window").addEventListener("focus", fillChoice);
  $("window").addEventListener("change", (event) => choose(event.target.value || null));
  $("window").addEventListener("blur", draw);
  $("filter").addEventListener("input", Panels.showRecords);
  $("kinds").addEventListener("click", (event) => {
    page.kind = event.target.dataset.kind || page.kind;
    redraw();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest("input, select, .scroll, .records, .log")) return;
    // These have a use of their own for the space bar.
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    const act = {" ": togglePause, ArrowLeft: () => go(-1), ArrowRight: () => go(1), t: toggleTable}[event.key];
    if (!act) return;
    event.preventDefault();
    // A key that is held goes through the windows, and switches nothing to and fro.
    if (!event.repeat || event.key.startsWith("Arrow")) act();
  });

  try {
    const kept = localStorage.getItem("theme");
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  } catch { /* as the system has it */ }
  showTheme();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { showTheme(); draw(); });
  new ResizeObserver(redraw).observe($("lines"));
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
