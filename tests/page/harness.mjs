// Starts servers and browsers for the tests of the page.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { once } from "node:events";
import path from "node:path";

const { PAGE_PROGRAMS, PAGE_MODULES, PAGE_CHROMIUM = "/usr/bin/chromium" } = process.env;
const require = createRequire(path.join(PAGE_MODULES, "node_modules", "_.js"));
export const { chromium } = require("playwright-core");
export const axeSource = require.resolve("axe-core/axe.min.js");

export const launch = () => chromium.launch({ executablePath: PAGE_CHROMIUM, args: ["--no-sandbox"] });

// A server of its own; stop() ends it.
export class Server {
  static async start(args = [], port = 0) {
    const server = new Server();
    server.child = spawn(path.join(PAGE_PROGRAMS, "stream-serve"), ["--http", String(port), ...args], { stdio: ["pipe", "ignore", "pipe"] });
    server.child.stdin.on("error", () => {});
    let said = "";
    for await (const piece of server.child.stderr) {
      said += piece;
      const found = said.match(/at (http:\/\/[^:]+:(\d+))\//);
      if (found) {
        [server.url, server.port] = [found[1], Number(found[2])];
        break;
      }
    }
    if (!server.url) throw new Error(`no server: ${said}`);
    return server;
  }

  // Resolves when the server has room for more.
  async send(lines) {
    if (!this.child.stdin.write(lines)) await once(this.child.stdin, "drain");
  }

  async get(where) {
    return (await fetch(this.url + where)).text();
  }

  async figure(name) {
    return Number((await this.get("/metrics")).match(new RegExp(`^stream_serve_${name} (.*)$`, "m"))?.[1] ?? NaN);
  }

  async stop(signal = "SIGKILL") {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill(signal);
    await gone;
  }
}

export const START = Date.parse("2020-01-01T12:00:00Z");

// A whole window: rows are [key, count, columns]; the place in the list is the rank.
export const window = (n, rows, beside = {}, seconds = 10) => {
  const time = (at) => new Date(START + at * 1000).toISOString().replace(".000", "");
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  return rows.map(([tag, count, { prev, ...more } = {}], at) => JSON.stringify({
    window_start: time(n * seconds), window_end: time((n + 1) * seconds), tag, count, ...more,
    total, distinct: rows.length, rows: rows.length, ...beside, rank: at + 1, prev_rank: prev === undefined ? at + 1 : prev, share: total ? count / total : 0,
  }) + "\n").join("");
};

export const KEYS = ["StanLee", "Excelsior", "مارفل", "ออกแบบ", "写真好きな人と繋がりたい", "🏳️‍🌈👨‍👩‍👧‍👦", "RIPStanLeeYouWillAlwaysBeRememberedByAllOfUsForEverAndEver", "a", "b", "c"];

// Keys that change places.
export const busy = (n, seconds = 10) => {
  const rows = KEYS.map((key, at) => [key, Math.round(900 + 700 * Math.sin(n / 3 + at * 1.7)) + 10 - at]);
  const ranked = rows.sort((a, b) => b[1] - a[1]);
  return window(n, ranked.map(([key, count], at) => [key, count, { prev: at === 3 ? null : (at * 7 + n) % 10 + 1 }]), { late: n % 3 }, seconds);
};

// What the page shows, row by row.
export const bars = (page) => page.$$eval("#bars li:not(.empty)", (items) => items.map((item) => ({
  rank: item.querySelector(".rank").textContent,
  key: item.querySelector(".key").textContent,
  count: item.querySelector(".count").textContent,
  top: item.getBoundingClientRect().top,
  bottom: item.getBoundingClientRect().bottom,
})));

export const until = (page, check, argument) => page.waitForFunction(check, argument, { timeout: 60000, polling: 50 });
export const text = (page, selector) => page.$eval(selector, (node) => node.textContent);
export const settled = (page) => until(page, () => document.getAnimations().length === 0);
