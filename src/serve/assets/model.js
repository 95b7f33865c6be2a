// What the page knows: windows by length and in order of time, figures, records, the log. Nothing here is shown.
"use strict";

const Model = (() => {
  const MOST_RECORDS = 50;
  const MOST_LOG = 50;

  const model = {
    about: {zone: "UTC", kept: 360, top: 10},
    windows: new Map(), // by size, in order of time
    figures: null,
    ticked: 0,
    records: [],
    log: [], // the server's
    own: [], // what the page itself saw of its link
    size: null,
    chosen: null, // the place of a window in time; null: the newest
    held: null, // what came during a pause
    isLoaded: false,
  };

  const placeOf = (window) => window.end === undefined ? "" : `${window.end}/${window.start}`;
  const lengthOf = (window) => window.all || window.start === undefined ? null : (window.end - window.start) / 1000;

  const put = (window) => {
    const series = model.windows.get(window.size) || [];
    model.windows.set(window.size, series);
    const isBefore = (a, b) => a.end === undefined || a.end < b.end || (a.end === b.end && a.start < b.start);
    let at = series.length;
    while (at > 0 && isBefore(window, series[at - 1]) && placeOf(series[at - 1]) !== placeOf(window)) at -= 1;
    if (at > 0 && placeOf(series[at - 1]) === placeOf(window)) {
      if (series[at - 1].seq <= window.seq) series[at - 1] = window;
      return;
    }
    series.splice(at, 0, window);
    if (series.length > model.about.kept) series.shift();
  };

  const record = (records) => {
    for (const one of records) {
      const last = model.records.at(-1);
      if (!last || one.number > last.number) model.records.push(one);
    }
    model.records.splice(0, Math.max(0, model.records.length - MOST_RECORDS));
  };

  const tick = (figures) => {
    model.figures = figures;
    model.ticked = Date.now();
  };

  const saw = (text) => {
    model.own.push({at: Date.now(), text});
    model.own.splice(0, Math.max(0, model.own.length - MOST_LOG));
  };

  // What a browser does not know as a zone would end every drawing.
  const known = (zone) => {
    try {
      return new Intl.DateTimeFormat("en-GB", {timeZone: zone}).resolvedOptions().timeZone && zone;
    } catch {
      return "UTC";
    }
  };

  const reset = (snapshot) => {
    if (model.isLoaded && snapshot.boot !== model.about.boot) saw("another run of the server: all that is shown is new");
    model.about = {...snapshot, zone: known(snapshot.zone)};
    model.windows.clear();
    model.records = [];
    snapshot.windows.forEach(put);
    delete model.about.windows;
    record(snapshot.records);
    tick(snapshot.figures);
    model.log = snapshot.log;
    if (!model.windows.has(model.size)) model.size = null;
    model.isLoaded = true;
  };

  const resume = () => {
    const {snapshot, windows, records} = model.held;
    model.held = null;
    if (snapshot) reset(snapshot);
    windows.forEach(put);
    record(records);
  };
  const pause = () => { model.held = {snapshot: null, windows: new Map(), records: [], count: 0}; };
  // A link that broke and was made again ends no pause: what it brings is shown after it.
  const holdAll = (snapshot) => {
    const isKnown = (window) => (model.windows.get(window.size) || []).some((one) => placeOf(one) === placeOf(window));
    model.held = {snapshot, windows: new Map(), records: [], count: snapshot.windows.filter((window) => !isKnown(window)).length};
    tick(snapshot.figures);
    model.log = snapshot.log;
  };

  const hold = ({type, data}) => {
    if (type === "window") {
      model.held.count += 1;
      model.held.windows.set(`${data.size} ${placeOf(data)}`, data);
      // As much as is kept otherwise, and no more.
      if (model.held.windows.size > model.about.kept * 4) model.held.windows.delete(model.held.windows.keys().next().value);
    }
    if (type === "records") model.held.records = model.held.records.concat(data).slice(-MOST_RECORDS);
  };

  // An event of the server.
  const take = (event) => {
    const {type, data} = event;
    if (type === "resync") return model.held && model.isLoaded ? holdAll(data) : reset(data);
    if (type === "tick") return tick(data);
    if (type === "log") return model.log = data;
    if (model.held) return hold(event);
    if (type === "window") put(data);
    if (type === "records") record(data);
  };

  // From the shortest to the longest; what has no length comes last.
  const sizes = () => {
    const length = (size) => lengthOf(model.windows.get(size).at(-1)) ?? Infinity;
    return [...model.windows.keys()].sort((a, b) => length(a) === length(b) ? 0 : length(a) - length(b));
  };
  // Without a choice the first size stays, so that the page does not jump between them.
  const series = () => model.windows.get(model.size) || model.windows.values().next().value || [];
  const shownPlace = (windows) => {
    if (model.chosen === null) return windows.length - 1;
    const at = windows.findIndex((window) => placeOf(window) === model.chosen);
    return at < 0 ? windows.length - 1 : at;
  };
  const shown = () => series()[shownPlace(series())];
  const log = () => [...model.log, ...model.own].sort((a, b) => a.at - b.at).slice(-MOST_LOG);

  return Object.assign(model, {placeOf, lengthOf, reset, take, pause, resume, saw, sizes, series, shownPlace, shown, allLog: log});
})();
