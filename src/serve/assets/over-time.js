// Charts over time: the keys as lines, and what was counted a second as columns. Each gives back what a pointer over it finds:
// {nearest(clientX), mark(place), tip(place)}.
"use strict";

const OverTime = (() => {
  const {element, begin, show, nothing, places, timeAxis, valueAxis, gaps, valueOf, legendOf, label, colour, filled, crosshair, nearest} = Drawing;
  const {number, widthOf} = Words;

  const NARROW = 480;
  const BETWEEN = 15; // names that are nearer to each other are pushed apart

  // Names at the ends of lines, each with a thread to its line where it was pushed away.
  const endLabels = (svg, ends, left, right, top, bottom) => {
    const sorted = ends.filter((end) => end.y !== null).sort((a, b) => a.y - b.y || a.which - b.which);
    let last = top - BETWEEN;
    for (const end of sorted) last = end.at = Math.max(end.y, last + BETWEEN);
    let next = bottom + BETWEEN;
    for (const end of sorted.reverse()) next = end.at = Math.min(end.at, next - BETWEEN);
    for (const end of sorted) {
      if (Math.abs(end.at - end.y) > 3 || end.x < left - 12) {
        svg.append(element("path", {class: "thread", d: `M${end.x + 4},${end.y}L${left - 3},${end.at}`}));
      }
      svg.append(filled(label(end.name, right - left, {x: left, y: end.at + 4, class: "name", "data-key": end.key}, 600), colour(end.colour)));
    }
  };

  const lines = (box, windows, keys, {zone, pinned, chosen}) => {
    if (!windows.length || !keys.length) return nothing(box, "No windows yet.");
    const isNarrow = box.clientWidth < NARROW;
    const {svg, width, height} = begin(box, isNarrow ? 240 : 318, `Lines over time of ${keys.map(({key}) => key).join(", ")}`);
    // Where there is no room for names, their places in the list stand at the ends, and before the names below.
    const names = keys.map(({key, rank}) => isNarrow ? rank === undefined ? "·" : String(rank) : key);
    const room = Math.min(140, Math.max(...names.map((name) => widthOf(name, 600)))) + 4;
    const [left, top, bottom] = [44, 10, height - 24];
    const right = width - room - 14;
    const scale = places(windows, left, right);
    const values = keys.map(({key}) => windows.map((window) => valueOf(window, key)));
    const most = Math.max(1, ...values.flat().map((value) => value ?? 0)) * 1.04;
    gaps(svg, windows, scale, top, bottom, 0);
    valueAxis(svg, most, left, right, top, bottom);
    timeAxis(svg, scale, left, right, bottom, zone);
    const y = (value) => bottom - value / most * (bottom - top);
    const ends = [];
    const paths = new Map();
    // The first keys are drawn last, over the others.
    keys.map((key, which) => [key, which]).reverse().forEach(([{key, colour: place}, which]) => {
      let [solid, open, dots] = ["", "", ""];
      let before = null;
      let end = null;
      values[which].forEach((value, at) => {
        if (value === null) return before = null;
        const point = `${scale.x(at).toFixed(1)},${y(value).toFixed(1)}`;
        const starts = before === null || scale.isGap(at);
        const isAlone = starts && (at + 1 === windows.length || values[which][at + 1] === null || scale.isGap(at + 1));
        if (isAlone) dots += `M${point}h.01`;
        else if (windows[at].open && !windows[at].all && !starts) open += `M${before}L${point}`;
        else solid += (starts ? "M" : "L") + point;
        before = point;
        end = {x: scale.x(at), y: y(value)};
      });
      const group = element("g", {class: "series"}, element("title", {}, key));
      group.style.stroke = colour(place);
      for (const [d, kind] of [[solid, "line"], [open, "line open"], [dots, "line dot"]]) if (d) group.append(element("path", {class: kind, d}));
      if (end) group.append(filled(element("circle", {cx: end.x, cy: end.y, r: 3}), colour(place)));
      svg.append(group);
      paths.set(key, group);
      ends.push({which, key, name: names[which], colour: place, x: end ? end.x : null, y: end ? end.y : null});
    });
    endLabels(svg, ends, right + 12, width, top, bottom);
    const emphasise = (wanted) => {
      for (const [key, group] of paths) {
        group.setAttribute("class", "series" + (wanted.size ? wanted.has(key) ? " bold" : " faint" : ""));
      }
      for (const name of svg.querySelectorAll(".name")) name.classList.toggle("faint", wanted.size > 0 && !wanted.has(name.dataset.key));
    };
    emphasise(pinned);
    const mark = crosshair(svg, scale.x, top, bottom, chosen);
    show(box, svg, isNarrow ? legendOf(keys.map(({key, colour: place}, at) => ({name: key, fill: colour(place), mark: names[at]}))) : null);
    const tip = (at) => ({
      title: windows[at].range || "Now",
      items: keys.map(({key, colour: place}, which) => ({name: key, fill: colour(place), value: values[which][at]}))
        .filter(({value}) => value !== null).sort((a, b) => b.value - a.value)
        .map(({name, fill, value}) => ({name, fill, value: number.format(value)})),
      note: windows[at].open && !windows[at].all ? "still open" : "",
    });
    return {emphasise, mark, tip, nearest: (clientX) => nearest(svg, width, windows.length, scale.x, clientX)};
  };

  // Columns of what was counted, with what came late on top.
  const columns = (box, bars, {zone, label: words}) => {
    if (!bars.length) return nothing(box, "Nothing counted yet.");
    const hasLate = bars.some((bar) => bar.late);
    const hasOpen = bars.some((bar) => bar.isOpen);
    const hasLegend = hasLate || hasOpen;
    const {svg, width, height} = begin(box, (box.clientWidth < NARROW ? 180 : 268) - (hasLegend ? 28 : 0), words);
    const [left, right, top, bottom] = [44, width - 6, 10, height - 24];
    const wide = Math.max(1, Math.min(24, (right - left) / bars.length - 1));
    const scale = places(bars, left + wide / 2 + 2, right - wide / 2);
    const most = Math.max(...bars.map((bar) => bar.value + (bar.late || 0)), 1e-9) * 1.04;
    gaps(svg, bars, scale, top, bottom, wide / 2 + 1);
    valueAxis(svg, most, left, right, top, bottom);
    timeAxis(svg, scale, left, right, bottom, zone);
    bars.forEach((bar, at) => {
      const high = bar.value / most * (bottom - top);
      const column = (y, height, fill) => svg.append(filled(element("rect", {x: scale.x(at) - wide / 2, width: wide, y, height}), fill));
      column(bottom - high, Math.max(high, bar.value > 0 ? 1 : 0), bar.isOpen ? "var(--others)" : "var(--series-0)");
      if (bar.late) {
        const more = Math.max(1, bar.late / most * (bottom - top));
        column(bottom - high - more, more, "var(--fallen)");
      }
    });
    const mark = crosshair(svg, scale.x, top, bottom, null);
    show(box, svg, hasLegend ? legendOf([
      {name: "counted", fill: "var(--series-0)"},
      ...(hasOpen ? [{name: "still open", fill: "var(--others)"}] : []),
      ...(hasLate ? [{name: "late", fill: "var(--fallen)"}] : []),
    ]) : null);
    return {mark, tip: (at) => bars[at].tip, nearest: (clientX) => nearest(svg, width, bars.length, scale.x, clientX)};
  };

  return {lines, columns};
})();
