// Charts of keys against windows: a heat map, shares that stack, and means on both sides of zero.
"use strict";

const ByKey = (() => {
  const {element, html, begin, show, nothing, places, clockTicks, gap, valueOf, legendOf, label, colour, filled, crosshair, nearest, step} = Drawing;
  const {number, percent, signed, widthOf} = Words;

  const HIGH = 268;
  const BELOW = 24;

  // Windows in columns, with an empty one (null) for each that is missing.
  const withGaps = (windows) => {
    const scale = places(windows, 0, 1);
    return windows.flatMap((window, at) => {
      const missing = scale.isGap(at) ? Math.round((window.end - windows[at - 1].end) / scale.usual) - 1 : 0;
      return [...Array(Math.min(missing, 30)).fill(null), window];
    });
  };

  const newest = (windows, most) => {
    const shown = withGaps(windows).slice(-most);
    while (!shown[0]) shown.shift();
    return shown;
  };

  // The clock below columns: at those in which a round time begins.
  const columnAxis = (svg, shown, x, left, right, bottom, zone) => {
    const known = shown.filter(Boolean);
    if (known.length < 2 || known[0].start === undefined) return;
    const ticks = clockTicks(known[0].start, known.at(-1).end, right - left, zone);
    let last = -Infinity;
    for (const {at, words, half} of ticks) {
      const column = shown.findIndex((window) => window && window.start >= at);
      if (column < 0) continue;
      const place = x(column);
      if (place - half < left - 14 || place + half > right + 6 || place - last < 2 * half + 6) continue;
      last = place;
      svg.append(element("line", {class: "axis", x1: place, x2: place, y1: bottom, y2: bottom + 4}));
      svg.append(element("text", {x: place, y: bottom + 17, "text-anchor": "middle"}, words));
    }
  };

  const namesRoom = (keys, width) => Math.min(width * 0.32, Math.max(...keys.map(({key}) => widthOf(key)), 20)) + 10;
  const names = (svg, keys, left, top, high) => keys.forEach(({key}, at) => {
    svg.append(label(key, left - 10, {x: left - 8, y: top + (at + 0.5) * high + 4, "text-anchor": "end"}));
  });
  const outlined = (shown, at, isGap) => ({title: isGap ? "no input" : shown[at].range || "Now", items: []});

  // The shade of a number; one below zero, by weights, has the lightest.
  const shade = (value, most) => `var(--heat-${Math.min(8, Math.max(0, Math.floor(value / most * 9)))})`;

  const heat = (box, windows, keys, {zone}) => {
    if (!windows.length || !keys.length) return nothing(box, "No windows yet.");
    const {svg, width, height} = begin(box, HIGH - 28, `A shade for each of ${keys.length} keys in each window`);
    const [left, right, top, bottom] = [namesRoom(keys, width), width - 6, 2, height - BELOW];
    const shown = newest(windows, Math.max(8, Math.floor((right - left) / 8)));
    const high = Math.min(30, (bottom - top) / keys.length);
    const floor = top + keys.length * high;
    const values = keys.map(({key}) => shown.map((window) => window && valueOf(window, key)));
    const most = Math.max(1, ...values.flat().map((value) => value ?? 0));
    const wide = Math.min(60, (right - left) / shown.length);
    const end = left + wide * shown.length;
    shown.forEach((window, at) => { if (!window) svg.append(gap(left + at * wide, wide, top, floor - top)); });
    for (let at = 1; at <= keys.length; at++) {
      svg.append(element("line", {class: "grid", x1: left, x2: end, y1: top + at * high - 0.5, y2: top + at * high - 0.5}));
    }
    values.forEach((row, which) => row.forEach((value, at) => {
      if (!value) return;
      svg.append(filled(element("rect", {x: left + at * wide, y: top + which * high, width: Math.max(1, wide - 1), height: high - 1}),
        shade(value, most)));
    }));
    names(svg, keys, left, top, high);
    const middle = (at) => left + (at + 0.5) * wide;
    columnAxis(svg, shown, (at) => left + at * wide, left, end, floor, zone);
    const legend = html("p", "ramp");
    const steps = html("span", "steps");
    for (let at = 0; at < 9; at++) steps.append(Drawing.swatch(`var(--heat-${at})`));
    legend.append(html("span", "", "1"), steps, html("span", "", number.format(most)));
    show(box, svg, legend);
    const tip = (at) => !shown[at] ? outlined(shown, at, true) : {
      ...outlined(shown, at, false),
      items: keys.map(({key}, which) => ({name: key, value: values[which][at]})).filter(({value}) => value !== null)
        .map(({name, value}) => ({name, value: number.format(value), fill: value ? shade(value, most) : "transparent"})),
    };
    return {mark: crosshair(svg, middle, top, floor, null), tip, nearest: (clientX) => nearest(svg, width, shown.length, middle, clientX)};
  };

  const stack = (box, windows, keys, {zone}) => {
    if (!windows.length || !keys.length) return nothing(box, "No windows yet.");
    const {svg, width, height} = begin(box, HIGH - (keys.length > 4 ? 52 : 28), `Shares of ${keys.map(({key}) => key).join(", ")}`);
    const [left, right, top, bottom] = [44, width - 6, 8, height - BELOW];
    const shown = newest(windows, Math.floor((right - left) / 6));
    for (const part of [0, 0.25, 0.5, 0.75, 1]) {
      const y = bottom - part * (bottom - top);
      svg.append(element("line", {class: part ? "grid" : "axis", x1: left, x2: right, y1: y, y2: y}));
      svg.append(element("text", {x: left - 8, y: y + 4, "text-anchor": "end"}, `${part * 100}%`));
    }
    const wide = Math.min(60, (right - left) / shown.length);
    const parts = shown.map((window) => {
      if (!window) return null;
      const counts = keys.map(({key}) => valueOf(window, key) || 0);
      const listed = counts.reduce((a, b) => a + b, 0);
      const whole = window.total ?? window.rows.reduce((sum, row) => sum + row.count, 0);
      return whole > 0 ? [...counts, Math.max(0, whole - listed)].map((count) => count / whole) : [];
    });
    const fills = [...keys.map(({colour: place}) => colour(place)), "var(--others)"];
    parts.forEach((column, at) => {
      if (!column) return svg.append(gap(left + at * wide, wide, top, bottom - top));
      let y = bottom;
      column.forEach((part, which) => {
        const high = part * (bottom - top);
        if (!(high > 0)) return;
        y -= high;
        svg.append(filled(element("rect", {x: left + at * wide, y, width: Math.max(1, wide - (wide > 5 ? 1 : 0)), height: high}), fills[which]));
      });
    });
    const middle = (at) => left + (at + 0.5) * wide;
    columnAxis(svg, shown, (at) => left + at * wide, left, left + wide * shown.length, bottom, zone);
    const all = [...keys.map(({key}) => key), "others"].map((name, which) => ({name, fill: fills[which], which}));
    const present = all.filter(({which}) => which < keys.length || parts.some((column) => column && column[which] > 0.0005));
    show(box, svg, legendOf(present));
    const tip = (at) => !shown[at] ? outlined(shown, at, true) : {
      ...outlined(shown, at, false),
      items: present.filter(({which}) => parts[at][which] > 0).map(({name, fill, which}) => ({name, fill, value: percent(parts[at][which])})),
    };
    return {mark: crosshair(svg, middle, top, bottom, null), tip, nearest: (clientX) => nearest(svg, width, shown.length, middle, clientX)};
  };

  // Means on both sides of zero, on a round scale that holds them all.
  const diverge = (box, rows, figure) => {
    const known = rows.filter((row) => row.figures && row.figures[figure] !== undefined);
    if (!known.length) return nothing(box, "No such figures in this window.");
    const {svg, width, height} = begin(box, HIGH, `${figure} of ${known.length} keys`);
    const [left, right, top] = [namesRoom(known, width), width - 50, 2];
    const high = Math.min(30, (height - BELOW - top) / known.length);
    const bottom = top + known.length * high;
    const largest = Math.max(0.1, ...known.map((row) => Math.abs(row.figures[figure])));
    const wide = step(largest, 2);
    const most = Math.ceil(largest / wide - 0.001) * wide;
    const x = (value) => left + (value / most + 1) / 2 * (right - left);
    for (let value = -most; value <= most * 1.0001; value += wide) {
      const isZero = Math.abs(value) < wide / 2;
      svg.append(element("line", {class: isZero ? "axis" : "grid", x1: x(value), x2: x(value), y1: top, y2: bottom}));
      // Where there is no room for all, the ends and the middle have to do.
      if (wide / most * (right - left) / 2 < 48 && !isZero && Math.abs(value) < most - wide / 2) continue;
      svg.append(element("text", {x: x(value), y: bottom + 16, "text-anchor": "middle"}, isZero ? "0" : signed(value, wide < 0.1 ? 2 : 1)));
    }
    known.forEach((row, at) => {
      const value = row.figures[figure];
      const y = top + at * high;
      if (value !== 0) {
        svg.append(filled(element("rect", {x: Math.min(x(0), x(value)), y: y + 4, width: Math.max(1, Math.abs(x(value) - x(0))), height: high - 8}),
          value < 0 ? "var(--fallen)" : "var(--risen)"));
      }
      svg.append(element("text", {x: width - 4, y: y + high / 2 + 4, "text-anchor": "end"}, signed(value)));
    });
    names(svg, known, left, top, high);
    show(box, svg);
    return null;
  };

  return {heat, stack, diverge};
})();
