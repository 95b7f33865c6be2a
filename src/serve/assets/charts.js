// Drawings of windows as SVG, made of elements and text nodes alone: labels are hostile.
"use strict";

const Charts = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const DASHES = ["", "7 3", "2 3", "9 3 2 3", "4 2", "1 3", "8 2 2 2 2 2", "5 5"];
  const number = new Intl.NumberFormat("en-US", {maximumFractionDigits: 2});
  const short = new Intl.NumberFormat("en-US", {notation: "compact", maximumFractionDigits: 1});

  const element = (name, attributes, ...children) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, String(value));
    made.append(...children);
    return made;
  };
  const colour = (place) => place === undefined ? "var(--others)" : `var(--series-${place})`;

  // A round step of 1, 2, 2.5 or 5 times a power of ten.
  const step = (most, ticks) => {
    const rough = most / ticks;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999);
  };

  const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

  const begin = (box, height, label) => {
    const width = Math.max(260, Math.floor(box.clientWidth));
    const svg = element("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label});
    return {svg, width, height};
  };

  const show = (box, svg, legend) => box.replaceChildren(svg, ...(legend ? [legend] : []));

  const nothing = (box, words) => {
    const text = document.createElement("p");
    text.className = "nothing";
    text.textContent = words;
    box.replaceChildren(text);
  };

  // Where windows stand: by their times, or by their number where they have none.
  const places = (windows, left, right) => {
    const starts = windows.map((window) => window.start);
    const hasTimes = windows.length > 0 && starts.every((start) => start !== undefined);
    const steps = [];
    for (let at = 1; at < windows.length; at++) if (hasTimes) steps.push(windows[at].end - windows[at - 1].end);
    const usual = steps.filter((wide) => wide > 0).sort((a, b) => a - b)[Math.floor(steps.length / 4)] || 1;
    const of = (at) => hasTimes ? windows[at].end : at;
    const from = windows.length ? of(0) : 0;
    const until = windows.length ? of(windows.length - 1) : 1;
    const x = (value) => until === from ? (left + right) / 2 : left + (value - from) / (until - from) * (right - left);
    const isGap = (at) => hasTimes && at > 0 && !windows[at].all && of(at) - of(at - 1) > 1.5 * usual;
    return {hasTimes, usual, from, until, x: (at) => x(of(at)), xOf: x, isGap};
  };

  const timeAxis = (svg, scale, left, right, bottom, zone) => {
    if (!scale.hasTimes) return;
    const room = Math.max(2, Math.floor((right - left) / 66));
    const seconds = (scale.until - scale.from) / 1000;
    const wide = CLOCK_STEPS.find((wide) => seconds / wide <= room) || 2592000;
    const format = new Intl.DateTimeFormat("en-GB", wide >= 86400
      ? {timeZone: zone, day: "2-digit", month: "short"}
      : {timeZone: zone, hour: "2-digit", minute: "2-digit", ...(wide < 60 ? {second: "2-digit"} : {})});
    const ms = wide * 1000;
    let last = -Infinity;
    for (let at = Math.ceil(scale.from / ms) * ms; at <= scale.until; at += ms) {
      const x = scale.xOf(at);
      const half = wide < 60 ? 28 : 20;
      if (x - half < left - 14 || x + half > right + 14 || x - last < 2 * half + 8) continue;
      last = x;
      svg.append(element("text", {x, y: bottom + 16, "text-anchor": "middle"}, format.format(at)));
    }
  };

  // Windows that are not there: no zero, and nothing is drawn through them.
  const gaps = (svg, windows, scale, top, bottom, margin) => windows.forEach((_, at) => {
    if (!scale.isGap(at)) return;
    const [x1, x2] = [scale.x(at - 1) + margin, scale.x(at) - margin];
    svg.append(element("rect", {class: "gap", x: x1, width: Math.max(1, x2 - x1), y: top, height: bottom - top},
      element("title", {}, "no input")));
  });

  const valueAxis = (svg, most, left, right, top, bottom) => {
    const wide = step(most, 4);
    for (let value = 0; value <= most * 1.0001; value += wide) {
      const y = bottom - value / most * (bottom - top);
      svg.append(element("line", {class: value === 0 ? "axis" : "grid", x1: left, x2: right, y1: y, y2: y}));
      svg.append(element("text", {x: left - 6, y: y + 4, "text-anchor": "end"}, short.format(value)));
    }
  };

  // A key's number in a window: 0 only where the window lists all its keys, null where nobody knows.
  const valueOf = (window, key) => {
    const row = window.rows.find((row) => row.key === key);
    if (row) return row.count;
    return window.distinct !== undefined && window.distinct <= window.rows.length ? 0 : null;
  };

  const legendOf = (items) => {
    const list = document.createElement("ul");
    list.className = "legend";
    for (const {name, fill} of items) {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = fill;
      const label = document.createElement("span");
      label.className = "name";
      label.textContent = name;
      item.append(swatch, label);
      list.append(item);
    }
    return list;
  };

  // Names at the ends of lines, pushed apart.
  const endLabels = (svg, ends, x, top, bottom, room) => {
    const sorted = ends.filter((end) => end.y !== null).sort((a, b) => a.y - b.y);
    let last = top - 14;
    for (const end of sorted) last = end.at = Math.max(end.y, last + 14);
    let next = bottom + 14;
    for (const end of sorted.reverse()) next = end.at = Math.min(end.at, next - 14);
    for (const end of sorted) {
      const letters = [...end.key];
      const most = Math.floor(room / 7.2);
      const words = letters.length > most ? letters.slice(0, most - 1).join("") + "…" : end.key;
      const text = element("text", {x: x + 8, y: end.at + 4, class: "name"}, "\u2068" + words + "\u2069");
      text.style.fill = colour(end.colour);
      text.append(element("title", {}, end.key));
      svg.append(text);
    }
  };

  const lines = (box, windows, keys, {zone, pinned, chosen}) => {
    if (!windows.length || !keys.length) return nothing(box, "No windows yet.");
    const {svg, width, height} = begin(box, box.clientWidth < 480 ? 250 : 330, `Lines over time of ${keys.map(({key}) => key).join(", ")}`);
    const hasNames = width >= 480;
    const [left, right, top, bottom] = [48, width - (hasNames ? 120 : 14), 12, height - 26];
    const scale = places(windows, left, right);
    const values = keys.map(({key}) => windows.map((window) => valueOf(window, key)));
    const most = Math.max(1, ...values.flat().map((value) => value ?? 0)) * 1.04;
    gaps(svg, windows, scale, top, bottom, 0);
    valueAxis(svg, most, left, right, top, bottom);
    timeAxis(svg, scale, left, right, bottom, zone);
    const y = (value) => bottom - value / most * (bottom - top);
    const ends = [];
    keys.forEach(({key, colour: place}, which) => {
      let [solid, open] = ["", ""];
      let before = null;
      let end = null;
      values[which].forEach((value, at) => {
        if (value === null) return before = null;
        const point = `${scale.x(at).toFixed(1)},${y(value).toFixed(1)}`;
        const starts = before === null || scale.isGap(at);
        if (windows[at].open && !windows[at].all && !starts) open += `M${before}L${point}`;
        else solid += (starts ? "M" : "L") + point;
        if (starts && (at + 1 === windows.length || values[which][at + 1] === null)) solid += "h.1";
        before = point;
        end = value;
      });
      const classes = "line" + (pinned.size ? pinned.has(key) ? " bold" : " faint" : "");
      for (const [d, dash] of [[solid, DASHES[place] || ""], [open, "1 4"]]) {
        if (!d) continue;
        const path = element("path", {class: classes, d, "stroke-dasharray": dash}, element("title", {}, key));
        path.style.stroke = colour(place);
        svg.append(path);
      }
      ends.push({key, colour: place, y: end === null ? null : y(end)});
    });
    if (hasNames) endLabels(svg, ends, right, top, bottom, 112);
    const cross = element("line", {class: "cross", y1: top, y2: bottom, visibility: "hidden"});
    svg.append(cross);
    const mark = (at) => {
      if (at === null) return cross.setAttribute("visibility", "hidden");
      cross.setAttribute("x1", scale.x(at));
      cross.setAttribute("x2", scale.x(at));
      cross.setAttribute("visibility", "visible");
    };
    mark(chosen);
    show(box, svg, hasNames ? null : legendOf(keys.map(({key, colour: place}) => ({name: key, fill: colour(place)}))));
    // The window that is nearest to a place on the screen.
    const nearest = (clientX) => {
      const bounds = svg.getBoundingClientRect();
      const x = (clientX - bounds.left) * width / bounds.width;
      let best = 0;
      windows.forEach((_, at) => { if (Math.abs(scale.x(at) - x) < Math.abs(scale.x(best) - x)) best = at; });
      return best;
    };
    return {svg, nearest, mark, chosen};
  };

  // Columns of what was counted, with what came late on top.
  const columns = (box, bars, {zone, label}) => {
    if (!bars.length) return nothing(box, "Nothing counted yet.");
    const {svg, width, height} = begin(box, box.clientWidth < 480 ? 170 : 240, label);
    const [left, right, top, bottom] = [48, width - 14, 10, height - 26];
    const wide = Math.max(1, Math.min(24, (right - left) / bars.length - 1));
    const scale = places(bars, left + wide / 2 + 2, right - wide / 2);
    const most = Math.max(...bars.map((bar) => bar.value + (bar.late || 0)), 1e-9) * 1.04;
    gaps(svg, bars, scale, top, bottom, wide / 2 + 1);
    valueAxis(svg, most, left, right, top, bottom);
    timeAxis(svg, scale, left, right, bottom, zone);
    bars.forEach((bar, at) => {
      const high = bar.value / most * (bottom - top);
      const column = (y, height, fill) => {
        const rect = element("rect", {x: scale.x(at) - wide / 2, width: wide, y, height});
        rect.style.fill = fill;
        rect.append(element("title", {}, bar.title));
        svg.append(rect);
      };
      column(bottom - high, Math.max(high, bar.value > 0 ? 1 : 0), bar.isOpen ? "var(--others)" : "var(--series-0)");
      if (bar.late) {
        const more = Math.max(1, bar.late / most * (bottom - top));
        column(bottom - high - more, more, "var(--fallen)");
      }
    });
    const hasLate = bars.some((bar) => bar.late);
    show(box, svg, hasLate ? legendOf([{name: "counted", fill: "var(--series-0)"}, {name: "late", fill: "var(--fallen)"}]) : null);
  };

  const rowsOf = (svg, keys, left, top, high) => keys.forEach(({key}, at) => {
    const letters = [...key];
    const most = Math.floor((left - 8) / 7.2);
    const words = letters.length > most ? letters.slice(0, most - 1).join("") + "…" : key;
    svg.append(element("text", {x: left - 8, y: top + at * high + high / 2 + 4, "text-anchor": "end"},
      "\u2068" + words + "\u2069", element("title", {}, key)));
  });

  // Windows in columns, with an empty one (null) for each that is missing.
  const withGaps = (windows) => {
    const scale = places(windows, 0, 1);
    return windows.flatMap((window, at) => {
      const missing = scale.isGap(at) ? Math.round((window.end - windows[at - 1].end) / scale.usual) - 1 : 0;
      return [...Array(Math.min(missing, 30)).fill(null), window];
    });
  };

  const heat = (box, windows, keys, {zone}) => {
    if (!windows.length || !keys.length) return nothing(box, "No windows yet.");
    const width = Math.max(260, Math.floor(box.clientWidth));
    const left = Math.min(140, width * 0.3);
    const columnsAtMost = Math.max(8, Math.floor((width - left - 20) / 9));
    const shown = withGaps(windows).slice(-columnsAtMost);
    while (!shown[0]) shown.shift();
    const high = 20;
    const {svg, height} = begin(box, keys.length * high + 34, `A shade for each of ${keys.length} keys in ${shown.length} windows`);
    const [right, top] = [width - 14, 4];
    const bottom = height - 30;
    const values = keys.map(({key}) => shown.map((window) => window && valueOf(window, key)));
    const most = Math.max(1, ...values.flat().map((value) => value ?? 0));
    const wide = (right - left) / shown.length;
    shown.forEach((window, at) => {
      if (!window) svg.append(element("rect", {class: "gap", x: left + at * wide, width: wide, y: top, height: keys.length * high}, element("title", {}, "no input")));
    });
    values.forEach((row, which) => row.forEach((value, at) => {
      if (!value) return;
      const rect = element("rect", {x: left + at * wide, y: top + which * high, width: Math.max(1, wide - 1), height: high - 1},
        element("title", {}, `${keys[which].key}: ${number.format(value)}, ${shown[at].range || ""}`));
      rect.style.fill = `var(--heat-${Math.min(8, Math.floor(value / most * 9))})`;
      svg.append(rect);
    }));
    rowsOf(svg, keys, left, top, high);
    const format = new Intl.DateTimeFormat("en-GB", {timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit"});
    if (shown[0].start !== undefined) {
      svg.append(element("text", {x: left, y: bottom + 16}, format.format(shown[0].start)));
      if (right - left > 150) svg.append(element("text", {x: right, y: bottom + 16, "text-anchor": "end"}, format.format(shown.at(-1).end)));
    }
    show(box, svg, legendOf([{name: "1", fill: "var(--heat-0)"}, {name: number.format(most), fill: "var(--heat-8)"}]));
  };

  const stack = (box, windows, keys) => {
    if (!windows.length || !keys.length) return nothing(box, "No windows yet.");
    const {svg, width, height} = begin(box, 220, `Shares of ${keys.map(({key}) => key).join(", ")}`);
    const shown = withGaps(windows).slice(-Math.floor((width - 60) / 8));
    const [left, right, top, bottom] = [48, width - 14, 10, height - 10];
    for (const part of [0, 0.25, 0.5, 0.75, 1]) {
      const y = bottom - part * (bottom - top);
      svg.append(element("line", {class: part ? "grid" : "axis", x1: left, x2: right, y1: y, y2: y}));
      svg.append(element("text", {x: left - 6, y: y + 4, "text-anchor": "end"}, `${part * 100}%`));
    }
    const wide = Math.min(60, (right - left) / shown.length);
    let hasOthers = false;
    shown.forEach((window, at) => {
      if (!window) {
        svg.append(element("rect", {class: "gap", x: left + at * wide, width: wide, y: top, height: bottom - top}, element("title", {}, "no input")));
        return;
      }
      const counts = keys.map(({key}) => valueOf(window, key) || 0);
      const whole = window.total ?? window.rows.reduce((sum, row) => sum + row.count, 0);
      if (!(whole > 0)) return;
      hasOthers = hasOthers || counts.reduce((a, b) => a + b, 0) < whole;
      let y = bottom;
      [...counts, Math.max(0, whole - counts.reduce((a, b) => a + b, 0))].forEach((count, which) => {
        const high = count / whole * (bottom - top);
        if (!(high > 0)) return;
        y -= high;
        const name = which < keys.length ? keys[which].key : "others";
        const rect = element("rect", {x: left + at * wide, y, width: Math.max(1, wide - 1), height: high},
          element("title", {}, `${name}: ${(count / whole * 100).toFixed(1)}%, ${window.range || ""}`));
        rect.style.fill = which < keys.length ? colour(keys[which].colour) : "var(--others)";
        svg.append(rect);
      });
    });
    const names = keys.map(({key, colour: place}) => ({name: key, fill: colour(place)}));
    show(box, svg, legendOf(hasOthers ? [...names, {name: "others", fill: "var(--others)"}] : names));
  };

  // Means between -1 and 1 on both sides of zero.
  const diverge = (box, rows, figure) => {
    const width = Math.max(260, Math.floor(box.clientWidth));
    const left = Math.min(160, width * 0.32);
    const high = 24;
    const known = rows.filter((row) => row.figures && row.figures[figure] !== undefined);
    if (!known.length) return nothing(box, "No such figures in this window.");
    const {svg, height} = begin(box, known.length * high + 26, `${figure} of ${known.length} keys`);
    const [right, top] = [width - 44, 4];
    const bottom = height - 22;
    const x = (value) => left + (value + 1) / 2 * (right - left);
    for (const value of [-1, 0, 1]) {
      svg.append(element("line", {class: value ? "grid" : "axis", x1: x(value), x2: x(value), y1: top, y2: bottom}));
      svg.append(element("text", {x: x(value), y: bottom + 16, "text-anchor": "middle"}, value > 0 ? "+1" : String(value)));
    }
    known.forEach((row, at) => {
      const value = row.figures[figure];
      const rect = element("rect", {x: Math.min(x(0), x(value)), y: top + at * high + 3, width: Math.max(1, Math.abs(x(value) - x(0))), height: high - 6});
      rect.style.fill = value < 0 ? "var(--fallen)" : "var(--risen)";
      svg.append(rect, element("text", {x: width - 4, y: top + at * high + high / 2 + 4, "text-anchor": "end"}, value.toFixed(2)));
    });
    rowsOf(svg, known, left, top, high);
    show(box, svg);
  };

  return {lines, columns, heat, stack, diverge, nothing, colour, number};
})();
