// What the charts share: elements, scales, axes, legends. Elements and text nodes alone: labels are hostile.
"use strict";

const Drawing = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const {short, fit, widthOf, isolated} = Words;

  const element = (name, attributes, ...children) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, String(value));
    made.append(...children);
    return made;
  };
  const html = (name, className, words) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (words !== undefined) made.textContent = words;
    return made;
  };
  const colour = (place) => place === undefined ? "var(--others)" : `var(--series-${place})`;
  const filled = (shape, fill) => {
    shape.style.fill = fill;
    return shape;
  };

  // A round step of 1, 2, 2.5 or 5 times a power of ten.
  const step = (most, ticks) => {
    const rough = most / ticks;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999);
  };

  const begin = (box, height, label) => {
    const width = Math.max(260, Math.floor(box.clientWidth));
    const svg = element("svg", {viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label});
    return {svg, width, height};
  };

  // A pointer's tip stays where it is while what is below it is drawn again.
  const show = (box, svg, legend) => {
    const tip = box.querySelector(".tip");
    box.replaceChildren(svg, ...(legend ? [legend] : []), ...(tip ? [tip] : []));
  };
  const nothing = (box, words) => {
    box.replaceChildren(html("p", "nothing", words));
    return null;
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

  const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

  // Round steps of the clock, as fine as their words have room for.
  const clockTicks = (from, until, pixels, zone) => {
    const perSecond = pixels / Math.max(1e-3, (until - from) / 1000);
    const longest = CLOCK_STEPS.at(-1);
    const widthAt = (wide) => wide > longest ? 60 : wide >= 86400 ? 46 : wide < 60 ? 56 : 36;
    const wide = CLOCK_STEPS.find((wide) => wide * perSecond >= widthAt(wide) + 8)
      ?? Math.ceil((widthAt(Infinity) + 8) / perSecond / longest) * longest;
    const format = new Intl.DateTimeFormat("en-GB", wide > longest ? {timeZone: zone, month: "short", year: "numeric"}
      : wide >= 86400 ? {timeZone: zone, day: "2-digit", month: "short"}
      : {timeZone: zone, hour: "2-digit", minute: "2-digit", ...(wide < 60 ? {second: "2-digit"} : {})});
    const ticks = [];
    for (let at = Math.ceil(from / 1000 / wide) * wide * 1000; at <= until; at += wide * 1000) {
      ticks.push({at, words: format.format(at), half: widthAt(wide) / 2});
    }
    return ticks;
  };

  const timeAxis = (svg, scale, left, right, bottom, zone) => {
    if (!scale.hasTimes) return;
    for (const {at, words, half} of clockTicks(scale.from, scale.until, right - left, zone)) {
      const x = scale.xOf(at);
      if (x - half < left - 14 || x + half > right + 14) continue;
      svg.append(element("line", {class: "axis", x1: x, x2: x, y1: bottom, y2: bottom + 4}));
      svg.append(element("text", {x, y: bottom + 17, "text-anchor": "middle"}, words));
    }
  };

  const valueAxis = (svg, most, left, right, top, bottom, words = (value) => short.format(value)) => {
    const wide = step(most, 4);
    for (let value = 0; value <= most * 1.0001; value += wide) {
      const y = bottom - value / most * (bottom - top);
      svg.append(element("line", {class: value === 0 ? "axis" : "grid", x1: left, x2: right, y1: y, y2: y}));
      svg.append(element("text", {x: left - 8, y: y + 4, "text-anchor": "end"}, words(value)));
    }
  };

  // Windows that are not there: no zero, and nothing is drawn through them.
  const gap = (x, width, y, height) => element("rect", {class: "gap", x, width: Math.max(1, width), y, height}, element("title", {}, "no input"));
  const gaps = (svg, windows, scale, top, bottom, margin) => windows.forEach((_, at) => {
    if (!scale.isGap(at)) return;
    const [x1, x2] = [scale.x(at - 1) + margin, scale.x(at) - margin];
    svg.append(gap(x1, x2 - x1, top, bottom - top));
  });

  // A key's number in a window: 0 only where the window lists all its keys, null where nobody knows.
  const valueOf = (window, key) => {
    const row = window.rows.find((row) => row.key === key);
    if (row) return row.count;
    return window.distinct !== undefined && window.distinct <= window.rows.length ? 0 : null;
  };

  const swatch = (fill) => {
    const made = html("span", "swatch");
    made.style.background = fill;
    return made;
  };
  const legendOf = (items) => {
    const list = html("ul", "legend");
    for (const {name, fill, mark} of items) {
      const item = html("li");
      item.append(swatch(fill));
      if (mark) item.append(html("span", "mark", mark));
      item.append(html("span", "name", name));
      list.append(item);
    }
    return list;
  };

  // A text that is cut where there is no room, and whole under the pointer.
  const label = (key, room, attributes, weight) => {
    const words = fit(key, room, weight);
    return element("text", attributes, isolated(words), ...(words === key ? [] : [element("title", {}, key)]));
  };

  // The line that follows the pointer.
  const crosshair = (svg, x, top, bottom, chosen) => {
    const line = element("line", {class: "cross", y1: top, y2: bottom, visibility: "hidden"});
    svg.append(line);
    const mark = (at) => {
      if (at === null) return line.setAttribute("visibility", "hidden");
      line.setAttribute("x1", x(at));
      line.setAttribute("x2", x(at));
      line.setAttribute("visibility", "visible");
    };
    mark(chosen ?? null);
    return (at) => mark(at ?? chosen ?? null);
  };

  // Which of some places is nearest to one on the screen.
  const nearest = (svg, width, count, x, clientX) => {
    const bounds = svg.getBoundingClientRect();
    const wanted = (clientX - bounds.left) * width / bounds.width;
    let best = 0;
    for (let at = 1; at < count; at++) if (Math.abs(x(at) - wanted) < Math.abs(x(best) - wanted)) best = at;
    return best;
  };

  return {element, html, colour, filled, step, begin, show, nothing, places, clockTicks, timeAxis, valueAxis, gap, gaps, valueOf, swatch, legendOf,
    label, crosshair, nearest, widthOf};
})();
