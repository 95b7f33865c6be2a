// The one connection to the server: in a SharedWorker for all tabs together, because a browser gives a server six
// connections and a seventh tab would hang; in the page itself where there are no such workers.
"use strict";

const SILENT_MS = 15000; // the server sends something every 5 s
const WAITS_MS = [1000, 2000, 4000, 8000];

// Connects, and connects again; emit({type, text}) is told what comes, as a text, because that is handed to eight tabs for less
// than what is in it; and {type: "link", ...} how it goes.
const openLink = (emit) => {
  let source = null;
  let last = null;
  let failures = 0;
  let timer = 0;
  let pulse = 0;
  const listen = () => {
    clearTimeout(pulse);
    pulse = setTimeout(retry, SILENT_MS);
  };
  const retry = () => {
    if (source) source.close();
    source = null;
    clearTimeout(pulse);
    const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)];
    failures += 1;
    emit({type: "link", state: "reconnecting", at: Date.now() + wait, failures});
    timer = setTimeout(connect, wait);
  };
  const connect = () => {
    source = new EventSource(last ? "/events?after=" + encodeURIComponent(last) : "/events");
    source.onerror = retry;
    for (const name of ["resync", "window", "tick", "records", "log"]) {
      source.addEventListener(name, (event) => {
        failures = 0;
        if (event.lastEventId) last = event.lastEventId;
        listen();
        emit({type: name, text: event.data});
      });
    }
    listen();
  };
  connect();
  return () => {
    clearTimeout(timer);
    clearTimeout(pulse);
    if (source) source.close();
  };
};

if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) {
  const ports = new Set();
  let close = null;
  let link = null;
  const tell = (message) => {
    if (message.type === "link") link = message;
    else link = null;
    for (const port of ports) port.postMessage(message);
  };
  self.onconnect = (event) => {
    const port = event.ports[0];
    ports.add(port);
    port.onmessage = () => {
      // The only word of a tab is that it goes.
      ports.delete(port);
      if (ports.size === 0 && close) {
        close();
        close = link = null;
      }
    };
    port.start();
    // The first tab gets everything as the link opens; one that joins asks for a snapshot.
    port.postMessage({type: "joined", isFirst: close === null});
    if (link) port.postMessage(link);
    if (!close) close = openLink(tell);
  };
}
