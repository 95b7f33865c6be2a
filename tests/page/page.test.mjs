// The page in a real Chromium: what a person sees, and what a hostile or broken world does to it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { KEYS, Server, axeSource, bars, busy, launch, settled, text, until, window } from "./harness.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

// A tab, whose errors and foreign requests fail the test.
const open = async (server, options = {}) => {
  const context = options.context ?? await browser.newContext(options);
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => {
    // A server that is away is the test's matter.
    if (message.type() === "error" && !/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/.test(message.text())) page.faults.push(message.text());
  });
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("dialog", (dialog) => { page.faults.push("dialog"); dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) page.faults.push(request.url());
  });
  await page.goto(server.url + "/");
  return page;
};

const serving = async (args, body) => {
  const server = await Server.start(args);
  const contexts = [];
  const tab = async (options) => {
    const page = await open(server, options);
    contexts.push(page.context());
    return page;
  };
  try {
    await body(server, tab);
  } finally {
    await server.stop();
    for (const context of contexts) await context.close();
  }
};

const rowsAre = (page, first) => until(page, (key) => document.querySelector("#bars li .key")?.textContent === key, first);

test("1: rows, order and values are those of the input, and 2: the next window moves them without overlap", () => serving([], async (server, tab) => {
  await server.send(window(0, [["a", 50], ["b", 30], ["c", 20]]));
  const page = await tab();
  await rowsAre(page, "a");
  assert.deepEqual((await bars(page)).map(({ rank, key, count }) => [rank, key, count]), [["1", "a", "50"], ["2", "b", "30"], ["3", "c", "20"]]);
  assert.equal(await text(page, "#counted"), "100");
  assert.match(await text(page, "#range"), /^2020-01-01 12:00:00 – 12:00:10/);
  await page.focus("#bars li:nth-child(2) .key");
  await server.send(window(1, [["b", 1200], ["d", 70], ["a", 60]]));
  await rowsAre(page, "b");
  await settled(page);
  const now = await bars(page);
  assert.deepEqual(now.map(({ key, count }) => [key, count]), [["b", "1,200"], ["d", "70"], ["a", "60"]]);
  now.slice(1).forEach((row, at) => assert.ok(row.top >= now[at].bottom - 0.5, `${row.key} over ${now[at].key}`));
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "b", "the focus stays with its row");
  assert.match(await page.title(), /^b 1,200 – live$/);
  assert.deepEqual(page.faults, []);
}));

test("3: a reload in the middle shows the same history, without doubles", () => serving([], async (server, tab) => {
  for (let n = 0; n < 20; n++) await server.send(busy(n));
  const page = await tab();
  await until(page, () => document.querySelector("#range").textContent.includes("12:03:10"));
  const history = async () => {
    await page.focus("#window");
    return page.$$eval("#window option", (options) => options.map((option) => option.textContent));
  };
  const before = await history();
  assert.equal(before.length, 21);
  await server.send(busy(20));
  await page.reload();
  await until(page, () => document.querySelector("#range").textContent.includes("12:03:20"));
  const after = await history();
  assert.equal(after.length, 22);
  assert.equal(new Set(after).size, 22);
  assert.deepEqual(after.slice(2), before.slice(1));
  assert.deepEqual(page.faults, []);
}));

test("4: a server that is killed and comes back: reconnecting, then everything anew", () => serving([], async (server, tab) => {
  for (let n = 0; n < 5; n++) await server.send(busy(n));
  const page = await tab();
  await until(page, () => document.querySelector("#state").dataset.state === "live");
  await server.stop();
  await until(page, () => /^reconnecting in \d s$/.test(document.querySelector("#state").textContent));
  const again = await Server.start([], server.port);
  try {
    await again.send(window(90, [["new", 5]]));
    await rowsAre(page, "new");
    await until(page, () => document.querySelector("#state").dataset.state === "live");
    await page.focus("#window");
    assert.equal(await page.$$eval("#window option", (options) => options.length), 2, "nothing of the other run is left");
    again.child.stdin.end();
    await until(page, () => /^ended \d\d:\d\d:\d\d, 1 records$/.test(document.querySelector("#state").textContent));
  } finally {
    await again.stop();
  }
}));

test("5: eight tabs are live over one connection", () => serving([], async (server, tab) => {
  const first = await tab();
  const tabs = [first];
  while (tabs.length < 8) tabs.push(await tab({ context: first.context() }));
  await server.send(window(0, [["everywhere", 8]]));
  for (const page of tabs) {
    await page.bringToFront();
    await rowsAre(page, "everywhere");
  }
  assert.equal(await server.figure("readers"), 1);
  tabs.forEach((page) => assert.deepEqual(page.faults, []));
}));

test("6: a reader that takes nothing holds neither the input nor the page up", () => serving([], async (server, tab) => {
  const page = await tab();
  const stalled = ["/lines", "/events"].map((where) => {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET ${where} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket.pause();
  });
  await until(page, () => true);
  const padding = "x".repeat(20000);
  const begun = performance.now();
  for (let n = 0; n < 2000; n++) await server.send(JSON.stringify({ padding, n }) + "\n");
  await server.send(window(0, [["after", 1]]));
  await rowsAre(page, "after");
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(seconds < 8, `40 MB took ${seconds} s`);
  const kilobytes = Number(readFileSync(`/proc/${server.child.pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]);
  assert.ok(kilobytes < 120000, `${kilobytes} kB`);
  stalled.forEach((socket) => socket.destroy());
}));

test("7: labels and records are text, whatever they hold", () => serving([], async (server, tab) => {
  const hostile = ["<img src=x onerror=alert(1)>", "\u202eevil\u202c", "</script><script>alert(2)</script>", "javascript:alert(3)", "\u0000\u0007 &amp;"];
  await server.send(window(0, hostile.map((key, at) => [key, 50 - at])));
  await server.send(JSON.stringify({ text: "<b onmouseover=alert(4)>x</b>" }) + "\n");
  const page = await tab();
  await rowsAre(page, hostile[0]);
  const shown = (await bars(page)).map(({ key }) => key);
  assert.equal(shown.length, 5);
  assert.equal(shown[2], hostile[2]);
  assert.ok(!shown[1].includes("\u202e") || shown[1].includes("\u202c"), "an override ends with its label");
  await page.click("#view");
  await until(page, () => document.querySelectorAll("#rows tr").length === 5);
  assert.equal(await page.$$eval("main img, main script, main b", (nodes) => nodes.length), 0);
  const answer = await fetch(server.url + "/");
  assert.match(answer.headers.get("content-security-policy"), /default-src 'none'/);
  await settled(page);
  assert.deepEqual(page.faults, []);
}));

test("8: a pause keeps what comes and counts it", () => serving([], async (server, tab) => {
  await server.send(window(0, [["before", 1]]));
  const page = await tab();
  await rowsAre(page, "before");
  await page.keyboard.press("Space");
  for (let n = 1; n <= 37; n++) await server.send(window(n, [["after", n]]));
  await until(page, () => document.querySelector("#state").textContent === "paused, +37 windows");
  assert.equal((await bars(page))[0].key, "before");
  await page.click("#pause");
  await rowsAre(page, "after");
  assert.equal((await bars(page))[0].count, "37");
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("ArrowLeft");
  await until(page, () => document.querySelector("#bars .count").textContent === "36");
  await page.keyboard.press("ArrowRight");
  await until(page, () => document.querySelector("#bars .count").textContent === "37");
  await page.keyboard.press("t");
  await until(page, () => !document.querySelector("#table").hidden);
  assert.deepEqual(page.faults, []);
}));

test("9: at 360, 768 and 1440 wide, light and dark: nothing scrolls sideways, every text is in its box", () => serving(["--title", "Trending hashtags"], async (server, tab) => {
  for (let n = 0; n < 60; n++) if (n < 30 || n > 36) await server.send(busy(n));
  for (let n = 0; n < 20; n++) await server.send(busy(n, 30));
  await server.send(JSON.stringify({ text: "a record " + "with a long text ".repeat(30) }) + "\n");
  for (const width of [360, 768, 1440]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await tab({ viewport: { width, height: 900 }, colorScheme });
      await until(page, () => document.querySelectorAll("#lines path").length > 4);
      await settled(page);
      const faults = await page.evaluate(() => {
        const found = [];
        const room = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth > room) found.push(`scrolls: ${document.documentElement.scrollWidth} > ${room}`);
        for (const node of document.querySelectorAll("button, select, dd, dt, h1, h2, .pill, svg text, .legend li")) {
          const box = node.getBoundingClientRect();
          if (box.width === 0 || node.closest(".unseen")) continue;
          if (box.left < -0.5 || box.right > room + 0.5) found.push(`outside: ${node.textContent}`);
          const clips = node.matches("button:not(.key), dd, dt, h2, .pill");
          if (clips && node.scrollWidth > node.clientWidth + 1) found.push(`cut: ${node.textContent}`);
        }
        for (const svg of document.querySelectorAll(".chart svg")) {
          const boxes = [...svg.querySelectorAll("text")].map((node) => [node.textContent, node.getBoundingClientRect()]);
          boxes.forEach(([words, a], at) => boxes.slice(at + 1).forEach(([other, b]) => {
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && down > 4) found.push(`${words} over ${other}`);
          }));
        }
        for (const svg of document.querySelectorAll("#rates svg, #extra svg")) {
          const words = [...svg.querySelectorAll("text")].map((node) => [node.textContent, node.getBoundingClientRect()]);
          for (const rect of svg.querySelectorAll("rect")) {
            const b = rect.getBoundingClientRect();
            for (const [text, a] of words) {
              if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push(`a bar over ${text}`);
            }
          }
        }
        for (const node of document.querySelectorAll("nav button, nav select, nav a")) {
          const box = node.getBoundingClientRect();
          if (box.width && (box.height < 44 || box.width < 44)) found.push(`small: ${node.textContent} ${box.width}x${box.height}`);
        }
        return found;
      });
      assert.deepEqual(faults, [], `${width} ${colorScheme}`);
      assert.deepEqual(page.faults, []);
      if (process.env.PAGE_PICTURES) await page.screenshot({ path: `${process.env.PAGE_PICTURES}/${width}-${colorScheme}.png`, fullPage: true });
      await page.close();
    }
  }
}));

test("10: axe has no serious finding, in charts and in the table, light and dark", () => serving([], async (server, tab) => {
  for (let n = 0; n < 12; n++) await server.send(busy(n));
  for (const colorScheme of ["light", "dark"]) {
    const page = await tab({ colorScheme, bypassCSP: true });
    await rowsAre(page, (await server.get("/snapshot.json").then(JSON.parse)).windows.at(-1).rows[0].key);
    await until(page, () => document.querySelectorAll("#lines path").length > 4);
    for (const view of ["charts", "table"]) {
      if (view === "table") await page.click("#view");
      await settled(page);
      await page.addScriptTag({ path: axeSource });
      const found = await page.evaluate(() => axe.run());
      const serious = found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), [], `${colorScheme} ${view}`);
    }
  }
}));

test("11: ten thousand windows later the page needs no more memory", () => serving(["--windows", "60"], async (server, tab) => {
  const page = await tab();
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
  };
  let n = 0;
  const run = async (windows) => {
    const end = n + windows;
    for (; n < end; n++) {
      await server.send(busy(n));
      if (n % 100 === 0) await new Promise((done) => setTimeout(done, 20));
    }
    await until(page, (seconds) => document.querySelector("#range").textContent.includes(new Date(Date.parse("2020-01-01T12:00:00Z") + seconds * 1000).toISOString().slice(11, 19) + " UTC"), n * 10);
  };
  await run(2000);
  const first = await heap();
  await run(8000);
  const last = await heap();
  assert.ok(last < first + 4, `${first} MB, then ${last} MB`);
  assert.deepEqual(page.faults, []);
}));

test("12: every request is to the server itself, also without JavaScript", () => serving([], async (server, tab) => {
  await server.send(window(0, [["a", 3]]));
  const page = await tab();
  await rowsAre(page, "a");
  await page.click("#view");
  assert.deepEqual(page.faults, []);
  const plain = await tab({ javaScriptEnabled: false });
  assert.ok(await plain.isVisible("noscript img"));
  assert.ok(await plain.$eval("noscript img", (image) => image.complete && image.naturalWidth > 300));
  assert.equal(await plain.isVisible("nav"), false);
  assert.deepEqual(plain.faults, []);
}));

test("13: late and rejected are shown as given, and – where nobody knows", () => serving([], async (server, tab) => {
  const page = await tab();
  await server.send('{"tag":"a","count":3,"rows":1}\n');
  await rowsAre(page, "a");
  assert.deepEqual(await Promise.all(["#late", "#counted", "#distinct", "#delay"].map((id) => text(page, id))), ["–", "–", "–", "–"]);
  assert.equal(await text(page, "#rejected"), "0");
  await server.send("no json\n" + window(0, [["b", 1]], { late: 0 }));
  const size = page.locator("#sizes button", { hasText: "10s" });
  await size.click();
  await until(page, () => document.querySelector("#late").textContent === "0" && document.querySelector("#rejected").textContent === "1");
  await server.send(window(0, [["b", 2]], { late: 7, rev: 1 }));
  await until(page, () => document.querySelector("#late").textContent === "7");
  await server.send(window(1, [["b", 2]]));
  await until(page, () => document.querySelector("#late").textContent === "–");
  assert.deepEqual(page.faults, []);
}));

test("sentiment and topics have their own pictures, and a key can be pinned", () => serving([], async (server, tab) => {
  for (let n = 0; n < 5; n++) {
    await server.send(window(n, KEYS.slice(0, 4).map((key, at) => [key, 40 - at, { compound: (at - 1.5) / 2 }])));
  }
  const page = await tab();
  await until(page, () => document.querySelector('[data-kind="diverge"]').getAttribute("aria-pressed") === "true");
  assert.match(await text(page, "#extra"), /0\.75/);
  await page.click('[data-kind="stack"]');
  await until(page, () => document.querySelector("#extra").textContent.includes("100%"));
  await page.click("#bars li:first-child .key");
  await until(page, () => document.querySelectorAll("#lines path.bold").length === 1 && document.querySelectorAll("#lines path.faint").length === 3);
  const box = await page.locator("#lines svg").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await until(page, () => /StanLee\u2069 40/.test(document.querySelector("#at").textContent));
  await page.fill("#filter", "nothing has this");
  await until(page, () => document.querySelectorAll("#records li").length === 0);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
  assert.match(readFileSync(await file.path(), "utf8"), /^window_start,window_end,tag,count,.*\r\n2020-01-01T12:00:40\.000Z,.*,StanLee,40,1,1,/);
  assert.deepEqual(page.faults, []);
}));
