// What readers cost the input: 200 windows a second, and then as many as there is room for, with nobody watching and with
// eight live tabs and one reader that takes nothing. Prints a table; scripts/serve-load runs it.

import { readFileSync } from "node:fs";
import net from "node:net";
import { Server, busy, launch } from "./harness.mjs";

const SECONDS = Number(process.env.LOAD_SECONDS ?? 20);
const RATE = 200;
const MOST = 40000;

const resident = (server) => Number(readFileSync(`/proc/${server.child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
// Seconds of a processor that the server itself has used, of which the browser's are no part.
const used = (server) => {
  const fields = readFileSync(`/proc/${server.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const measure = async (isWatched) => {
  const server = await Server.start([]);
  const browser = isWatched ? await launch() : null;
  const found = { isWatched };
  try {
    let sent = 0;
    await server.send(busy(sent++));
    if (isWatched) {
      const context = await browser.newContext();
      for (let tab = 0; tab < 8; tab++) await (await context.newPage()).goto(server.url);
      const stalled = net.connect(server.port, "127.0.0.1");
      stalled.on("error", () => {});
      stalled.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      stalled.pause();
    }
    const taken = () => server.figure("windows_total");
    const memory = [];
    const begun = performance.now();
    const paced = RATE * SECONDS;
    for (let window = 0; window < paced; window++) {
      const due = begun + window / RATE * 1000;
      if (due > performance.now() + 4) await pause(due - performance.now());
      await server.send(busy(sent++));
      if (window % (RATE * 2) === RATE) memory.push(resident(server));
    }
    while (await taken() < sent) await pause(1);
    found.paced = paced / ((performance.now() - begun) / 1000);
    // One text that is made before: what is measured is the server, not who feeds it.
    const lines = Array.from({ length: MOST }, (_, at) => busy(sent + at)).join("");
    const [from, before] = [performance.now(), used(server)];
    await server.send(lines);
    while (await taken() < sent + MOST) await pause(5);
    found.most = MOST / ((performance.now() - from) / 1000);
    found.work = (used(server) - before) / MOST * 1e6;
    memory.push(resident(server));
    found.memory = memory;
    found.dropped = await server.figure("readers_dropped_total");
    found.resyncs = await server.figure("resyncs_total");
    found.readers = await server.figure("readers");
  } finally {
    if (browser) await browser.close();
    await server.stop();
  }
  return found;
};

const rounds = [];
for (const isWatched of [false, true, false, true]) rounds.push(await measure(isWatched));
for (const { isWatched, paced, most, work, memory, readers, dropped, resyncs } of rounds) {
  console.log(`${isWatched ? "8 tabs, 1 stalled" : "nobody           "}  ${paced.toFixed(1)} windows/s of ${RATE}; at most ${most.toFixed(0)}/s, each ${work.toFixed(0)} µs of the server; ` +
    `MB ${memory.map((mb) => mb.toFixed(0)).join(" ")}; readers ${readers}, dropped ${dropped}, resyncs ${resyncs}`);
}
const best = (isWatched, what) => Math.max(...rounds.filter((round) => round.isWatched === isWatched).map((round) => round[what]));
for (const what of ["paced", "most"]) console.log(`${what}: ${((best(true, what) / best(false, what) - 1) * 100).toFixed(1)} % with readers`);
