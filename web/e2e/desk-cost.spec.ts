/**
 * What a full desk costs: 100 contacts with 5,000 lines are opened, and a conversation of thousands of lines is scrolled back. The
 * main thread's longest task is told, in its own CPU time, and held to a limit that only a wrong way of drawing breaks. The server is
 * made up: no real one is that busy here.
 */
import type { Browser, Page } from "@playwright/test";
import { expect, test } from "./fixtures";

// A trace takes a picture of the whole page with each step, and that costs more than the page.
test.use({ trace: "off" });
test.setTimeout(120_000);

const CONTACTS = 100;
const OF_EACH = 50;
const LONG = 4_000;

/** A desk's server inside the page: it answers at once, as one on the same machine would. */
async function serve(page: Page): Promise<void> {
  const user = { id: "1001", name: "김서연", role: "agent" };
  await page.route("**/api/v1/session", (route) => route.fulfill({ json: { user } }));
  await page.addInitScript(
    ([contacts, each, long, user]) => {
      const began = Date.now() - 3_600_000;
      const count = (room: string) => (room === "r0" ? long : each);
      const item = (room: string, n: number) => ({
        n,
        id: `${room}-${n}`,
        at: began + n * 500,
        kind: "message",
        text: n % 7 ? `문의 ${n}: 주문한 물건이 아직 오지 않았습니다` : `확인해 보겠습니다. https://shop.example/orders/${n} 에서 배송 상태를 보실 수 있습니다. 조금만 기다려 주세요.`,
        audience: n % 31 ? "all" : "agents",
        by: n % 3 ? { participant: `${room}-c`, role: "customer", name: "고객" } : { participant: `${room}-m`, role: "agent", name: user.name },
      });
      const contact = (_: unknown, n: number) => ({
        id: `c${n}`,
        room: `r${n}`,
        number: n + 1,
        channel: "chat",
        state: "talking",
        me: `r${n}-m`,
        since: began,
        queue: { id: "3001", name: "대표 상담" },
        customer: { participant: `r${n}-c`, name: `고객 ${n}`, present: true },
        last: count(`r${n}`),
        read: count(`r${n}`) - (n % 4),
      });
      class Desk extends EventTarget {
        static readonly OPEN = 1;
        readyState = 1;
        bufferedAmount = 0;
        onopen?: () => void;
        onmessage?: (event: { data: string }) => void;
        onclose?: () => void;
        constructor() {
          super();
          setTimeout(() => (this.onopen?.(), this.dispatchEvent(new Event("open"))));
        }
        close() {}
        send(text: string) {
          const asked = JSON.parse(text) as { id: number; do: string; room: string; limit: number; before?: number; after?: number };
          const { id, room, limit } = asked;
          const at = Date.now();
          let ok: object = { at };
          if (asked.do === "hello") {
            const agent = { channels: { chat: { state: "ready", reason: 0, since: at } }, limits: { chat: contacts } };
            const all = Array.from({ length: contacts }, contact);
            ok = { seq: 1, at, user, agent, reasons: [], queues: [], wrapup_codes: [], contacts: all, limits: { text: 1_000, file: 1, types: [] } };
          } else if (asked.do === "items") {
            const last = asked.before === undefined ? count(room) : asked.before - 1;
            const first = Math.max(1, last - limit + 1);
            ok = { items: asked.after === undefined ? Array.from({ length: last - first + 1 }, (_, n) => item(room, first + n)) : [], more: first > 1 };
          } else if (asked.do !== "today" && asked.do !== "read" && asked.do !== "ping") ok = { at, items: [], contacts: [] };
          const data = JSON.stringify({ id, ok });
          setTimeout(() => (this.onmessage?.({ data }), this.dispatchEvent(new MessageEvent("message", { data }))));
        }
      }
      window.WebSocket = Desk as unknown as typeof WebSocket;
    },
    [CONTACTS, OF_EACH, LONG, user] as const,
  );
}

interface Task {
  ph: string;
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args?: { name?: string };
}

/** The longest tasks of a page's main thread meanwhile, in milliseconds of its own CPU time. */
async function longest(browser: Browser, page: Page, what: () => Promise<void>): Promise<number> {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"] });
  await what();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: Task[] };
  const mains = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => /RunTask/.test(name) && mains.has(`${pid} ${tid}`)).map(({ tdur = 0 }) => tdur / 1_000);
  tasks.sort((a, b) => b - a);
  console.log(`${tasks.length} tasks, the longest: ${tasks.slice(0, 5).map((task) => task.toFixed(0)).join(", ")} ms`);
  expect(tasks.length).toBeGreaterThan(10);
  return tasks[0] ?? 0;
}

test("a desk with 100 contacts and 5,000 lines opens without a long task, and stays quick far back in a conversation", async ({ page, browser }) => {
  await serve(page);
  await page.goto("about:blank");
  const opening = await longest(browser, page, async () => {
    await page.goto("/desk");
    await expect(page.getByTestId("contact")).toHaveCount(CONTACTS);
    await page.getByTestId("contact").filter({ hasText: /고객 0\b/ }).getByRole("button").first().click();
    await expect(page.getByTestId("message").last()).toHaveAttribute("data-n", String(LONG));
  });
  const log = page.getByTestId("transcript");
  const first = () => page.locator("[data-n]").first().getAttribute("data-n").then(Number);
  const scrolling = await longest(browser, page, async () => {
    // As a wheel does it, for two thousand lines.
    await log.evaluate(async (box) => {
      for (let turn = 0; turn < 3_000; turn++) {
        box.scrollTop -= 300;
        await new Promise((done) => requestAnimationFrame(done));
        if (Number(box.querySelector("[data-n]")?.getAttribute("data-n")) < 2_000) break;
      }
    });
  });
  expect(await first()).toBeLessThan(2_000);
  expect(await page.locator("[data-n]").count()).toBeLessThan(200);
  expect(opening).toBeLessThan(120);
  expect(scrolling).toBeLessThan(100);

  // Forward again every line comes by, and the end is the end.
  const missing = await log.evaluate(async (box) => {
    const numbers = () => [...box.querySelectorAll("[data-n]")].map((line) => Number(line.getAttribute("data-n")));
    let newest = Math.max(...numbers());
    for (let turn = 0; turn < 3_000 && newest < 4_000; turn++) {
      box.scrollTop += 300;
      await new Promise((done) => requestAnimationFrame(done));
      const now = numbers();
      if (Math.min(...now) > newest + 1) return newest + 1;
      newest = Math.max(...now);
    }
    return newest === 4_000 ? 0 : newest;
  });
  expect(missing, "a line that is missing on the way back").toBe(0);
  await log.press("End");
  await expect(page.getByRole("button", { name: /맨 아래|최근/ })).toHaveCount(0);
});
