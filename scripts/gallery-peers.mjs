// The rows of the gallery, drawn by vega-lite and Observable Plot with what they do by themselves, to be laid beside ours.
// Called by `gallery --peers`, in a folder where npm has put both.
import {readFileSync, writeFileSync} from "node:fs";
import * as vega from "vega";
import {compile} from "vega-lite";
import * as Plot from "@observablehq/plot";
import {JSDOM} from "jsdom";

const [folder, out] = process.argv.slice(2);
const {document} = new JSDOM("").window;

const read = name => readFileSync(`${folder}/${name}.jsonl`, "utf8").trim().split("\n").map(line => JSON.parse(line));
const newest = rows => {
  const last = rows.map(row => row.window_end).reduce((a, b) => (a > b ? a : b));
  return rows.filter(row => row.window_end === last);
};
/** The rows of the keys with the largest sums, with their time as a date. */
const largest = (rows, key, most) => {
  const sums = new Map();
  for (const row of rows) sums.set(row[key], (sums.get(row[key]) ?? 0) + row.count);
  const keys = [...sums].sort((a, b) => b[1] - a[1]).slice(0, most).map(([name]) => name);
  return rows.filter(row => keys.includes(row[key])).map(row => ({...row, time: new Date(row.window_start)}));
};

/** Of the newest windows alone. */
const recent = (rows, windows) => {
  const starts = [...new Set(rows.map(row => row.window_start))].sort().slice(-windows);
  return rows.filter(row => starts.includes(row.window_start));
};
/** Without descriptions of every mark, and with one decimal: a third of the bytes, the same picture. */
const small = svg => svg
  .replace(/ (?:aria-[a-z]+|role)="[^"]*"/g, "")
  .replace(/-?\d+\.\d{2,}(?:e-?\d+)?/g, number => String(Math.round(Number(number) * 10) / 10));
const save = (name, svg) => writeFileSync(`${out}/${name}.svg`, small(svg) + "\n");

const tags = read("tags"), langs = read("langs"), top = read("top"), mood = read("mood");
const places = largest(recent(top, 14), "hashtag", 10).filter(row => row.rank <= 6);
const window = {field: "time", type: "temporal", title: null, timeUnit: {unit: "utcyearmonthdatehoursminutesseconds", step: 20}};
const time = {field: "time", type: "temporal", scale: {type: "utc"}, title: null};
const count = {field: "count", type: "quantitative", title: "tweets"};
const sizes = {width: 640, height: 320};
const specs = {
  barh: {data: newest(top), mark: "bar", encoding: {y: {field: "hashtag", sort: "-x"}, x: count}},
  bar: {data: newest(top).slice(0, 8), mark: "bar", encoding: {x: {field: "hashtag", sort: "-y"}, y: count}},
  diverge: {data: mood, mark: "bar", encoding: {y: {field: "hashtag", sort: "-x"}, x: {field: "mood", type: "quantitative"}}},
  line: {data: largest(tags, "hashtag", 6), mark: "line", encoding: {x: time, y: count, color: {field: "hashtag"}}},
  area: {
    data: largest(langs, "lang", 4),
    mark: {type: "area", opacity: 0.3, line: true},
    encoding: {x: time, y: {...count, stack: null}, color: {field: "lang"}},
  },
  stack: {data: largest(langs, "lang", 6), mark: "bar", encoding: {x: window, y: count, color: {field: "lang"}}},
  heat: {
    data: largest(tags, "hashtag", 12),
    mark: "rect",
    encoding: {x: {...time, timeUnit: "utchoursminutesseconds", type: "ordinal"}, y: {field: "hashtag"}, color: count},
  },
  facet: {
    data: largest(tags, "hashtag", 6),
    mark: "area",
    encoding: {x: time, y: count, facet: {field: "hashtag", columns: 3}},
    width: 200,
    height: 90,
  },
  bump: {
    data: places,
    mark: {type: "line", point: true},
    encoding: {x: time, y: {field: "rank", type: "ordinal"}, color: {field: "hashtag"}},
  },
};
for (const [kind, {data, ...spec}] of Object.entries(specs)) {
  const full = {$schema: "https://vega.github.io/schema/vega-lite/v6.json", title: `Tweets (${kind})`, ...sizes, ...spec};
  const view = new vega.View(vega.parse(compile({...full, data: {values: data}}).spec), {renderer: "none"});
  save(`${kind}-vega`, await view.toSVG());
}

const named = (rows, key, y, more = {}) => [
  Plot.lineY(rows, {x: "time", y, stroke: key, ...more}),
  Plot.text(rows, Plot.selectLast({x: "time", y, z: key, text: key, fill: key, dx: 8, textAnchor: "start"})),
];
const four = largest(langs, "lang", 4);
const plots = {
  barh: {marginLeft: 120, marks: [Plot.barX(newest(top), {y: "hashtag", x: "count", sort: {y: "-x"}})]},
  bar: {marks: [Plot.barY(newest(top).slice(0, 8), {x: "hashtag", y: "count", sort: {x: "-y"}})]},
  diverge: {marginLeft: 120, marks: [Plot.barX(mood, {y: "hashtag", x: "mood", sort: {y: "-x"}}), Plot.ruleX([0])]},
  line: {marginRight: 90, marks: named(largest(tags, "hashtag", 6), "hashtag", "count")},
  area: {marginRight: 90, marks: [Plot.areaY(four, {x: "time", y1: 0, y2: "count", fill: "lang", fillOpacity: 0.3}), ...named(four, "lang", "count")]},
  stack: {marks: [Plot.rectY(largest(langs, "lang", 6), {x: "time", interval: "20 seconds", y: "count", fill: "lang"})]},
  heat: {marginLeft: 120, color: {scheme: "blues"}, marks: [Plot.barX(largest(tags, "hashtag", 12), {x1: "time", x2: row => +row.time + 20_000, y: "hashtag", fill: "count", inset: 0.5})]},
  facet: {marginLeft: 40, marginRight: 110, height: 480, marks: [Plot.areaY(largest(tags, "hashtag", 6), {x: "time", y: "count", fy: "hashtag", fillOpacity: 0.5})]},
  bump: {marginRight: 90, y: {reverse: true}, marks: named(places, "hashtag", "rank", {marker: true})},
};
for (const [kind, options] of Object.entries(plots)) {
  const figure = Plot.plot({document, width: 800, ...options});
  const svg = figure.tagName === "svg" ? figure : [...figure.querySelectorAll("svg")].at(-1);
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  save(`${kind}-plot`, svg.outerHTML);
}
