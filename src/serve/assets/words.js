// Words and numbers as the page writes them, and how wide they are.
"use strict";

const Words = (() => {
  const number = new Intl.NumberFormat("en-US", {maximumFractionDigits: 2});
  const short = new Intl.NumberFormat("en-US", {notation: "compact", maximumFractionDigits: 1});
  const MINUS = "\u2212";

  // A key that is written from right to left does not take the words around it along.
  const isolated = (key) => `\u2068${key}\u2069`;
  const percent = (part) => `${(part * 100).toFixed(1)}%`;
  const several = (count, one, many = `${one}s`) => `${number.format(count)} ${count === 1 ? one : many}`;
  const seconds = (ms) => ms >= 90000 ? `${Math.round(ms / 60000)} min` : ms >= 10000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(1)} s`;
  const clock = (ms, zone) => new Intl.DateTimeFormat("en-GB", {timeStyle: "medium", timeZone: zone}).format(ms);
  const signed = (value, digits = 2) => {
    const words = Math.abs(value).toFixed(digits);
    return Number(words) === 0 ? words : (value < 0 ? MINUS : "+") + words;
  };

  // Widths are asked of the browser itself, once for each text: a guess by letters is wrong for half of the scripts.
  const canvas = document.createElement("canvas").getContext("2d");
  const known = new Map();
  const widthOf = (text, weight = 400, size = 12) => {
    const font = `${weight} ${size}px ${getComputedStyle(document.documentElement).fontFamily}`;
    const name = font + text;
    if (known.size > 4000) known.clear();
    if (!known.has(name)) {
      canvas.font = font;
      known.set(name, canvas.measureText(text).width);
    }
    return known.get(name);
  };

  // What a reader takes for one letter, such as a flag, is not cut in two.
  const letters = typeof Intl.Segmenter === "function"
    ? (text) => [...new Intl.Segmenter("en", {granularity: "grapheme"}).segment(text)].map(({segment}) => segment)
    : (text) => [...text];

  // As much of a text as there is room for.
  const fit = (text, room, weight) => {
    if (widthOf(text, weight) <= room) return text;
    const all = letters(text.slice(0, 400));
    let [least, most] = [0, all.length];
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if (widthOf(all.slice(0, middle).join("") + "…", weight) <= room) least = middle;
      else most = middle - 1;
    }
    return all.slice(0, least).join("") + "…";
  };

  return {number, short, isolated, percent, several, seconds, clock, signed, widthOf, fit};
})();
