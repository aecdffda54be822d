/** What is heard at both far ends when a customer's browser calls: a tone at each end, and silence where silence is due. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Baresip } from "./baresip";
import { BROWSER, Caller, hears, names, REALM, wire } from "./caller";
import { expect, test as base } from "./fixtures";
import { register } from "./registered";
import { Rio } from "./rio";

/** The customer's tone, and those of the centre's side, in hertz. */
const [OF_PAGE, OF_PHONE, OF_OTHER] = [620, 950, 1_400] as const;

const test = base.extend<{ phone: (number: string, hertz: number) => Promise<Baresip>; cti: (...devices: string[]) => Promise<Rio> }>({
  launchOptions: BROWSER,
  // The page's policy lets it connect to the server alone.
  bypassCSP: true,
  phone: async ({ page }, use) => {
    const phones: Baresip[] = [];
    await use(async (number, hertz) => {
      const { listeners } = (await (await page.request.get("/api/v1/about")).json()) as { listeners: { sip_udp: string } };
      const phone = await Baresip.start(number, hertz, listeners.sip_udp.replace(/^\w+:(\/\/)?/, ""));
      phones.push(phone);
      return phone;
    });
    for (const phone of phones) await phone.close();
  },
  cti: async ({ page }, use) => {
    const links: Rio[] = [];
    await use(async (...devices) => {
      const link = await Rio.open(page, ...devices);
      links.push(link);
      return link;
    });
    for (const link of links) link.close();
  },
});
test.setTimeout(90_000);

test("a page and a telephone hear each other, and keys arrive", async ({ page, phone }) => {
  const far = await phone("1002", OF_PHONE);
  const caller = await Caller.open(page, OF_PAGE);
  await caller.calls("1002");
  await caller.hears(OF_PHONE);
  await far.hears(OF_PAGE);
  for (const key of ["5", "#"]) expect(await caller.press(key)).toBe(0);
  await expect.poll(() => far.keys, { timeout: 10_000 }).toEqual(["5", "#"]);
  await far.hears(OF_PAGE);
  await caller.ends();
});

test("who is muted is not heard, and goes on hearing; unmuted, they are heard again", async ({ page, phone }) => {
  const far = await phone("1003", OF_PHONE);
  const caller = await Caller.open(page, OF_PAGE);
  await caller.calls("1003");
  await far.hears(OF_PAGE);
  expect(await caller.do("Mute", "Audio", true)).toBe(0);
  await far.hearsNothing();
  await caller.hears(OF_PHONE);
  expect(await caller.do("Mute", "Audio", false)).toBe(0);
  await far.hears(OF_PAGE);
  await caller.ends();
});

test("a customer who calls a queue talks with its agent's telephone, and neither hears the other on hold", async ({ page, phone, cti }) => {
  const far = await phone("1001", OF_PHONE);
  const agent = await cti("1001");
  await agent.do("logon", { this: "1001", agent: { id: "1001", group: 401, channel: 0, wmode: 3 } });
  const caller = await Caller.open(page, OF_PAGE);
  await caller.calls("3001");
  const call = await agent.came("1001", 6);
  await caller.hears(OF_PHONE);
  await far.hears(OF_PAGE);
  await agent.do("hold", { this: "1001", c1: call });
  await agent.came("1001", 8);
  await caller.hearsNo(OF_PHONE);
  await far.hearsNothing();
  await agent.do("retrieve", { this: "1001", c1: call });
  await agent.came("1001", 12);
  await caller.hears(OF_PHONE);
  await far.hears(OF_PAGE);
  await caller.ends();
});

test("a call lives for twenty seconds without its socket, begins ICE anew when there is one again, and can be ended", async ({ page, phone, cti }) => {
  const far = await phone("1005", OF_PHONE);
  const application = await cti("1005");
  const { listeners } = (await (await page.request.get("/api/v1/about")).json()) as { listeners: { sip_ws: string } };
  const way = await Way.to(Number(new URL(listeners.sip_ws).port));
  const caller = await Caller.open(page, OF_PAGE, `ws://127.0.0.1:${way.port}`);
  await caller.calls("1005");
  await caller.hears(OF_PHONE);
  const before = await names(page);
  await way.close();
  const away = Date.now();
  while (Date.now() < away + 20_000) {
    await far.hears(OF_PAGE);
    await caller.hears(OF_PHONE);
  }
  expect(await names(page)).toEqual(before);
  await way.open();
  // Both ends have new names, which are those that are used.
  await expect.poll(async () => (await names(page)).filter((name) => before.includes(name)), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => page.evaluate(() => (window as unknown as { peers: RTCPeerConnection[] }).peers.at(-1)?.iceConnectionState)).toMatch(/connected|completed/);
  await caller.hears(OF_PHONE);
  await far.hears(OF_PAGE);
  await caller.ends();
  await application.came("1005", 1);
  await way.close();
});

test("two browsers hear each other: a page calls, and one that is registered as a telephone answers", async ({ page, browser, baseURL }) => {
  const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}) });
  const other = await context.newPage();
  await register(other, "1004", OF_OTHER);
  const caller = await Caller.open(page, OF_PAGE);
  await caller.calls("1004");
  await caller.hears(OF_OTHER);
  await hears(other, OF_PAGE);
  await caller.ends();
  await context.close();
});

/** A way to a port of this machine that can be cut and mended. */
class Way {
  port = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server;

  private constructor(to: number) {
    this.server = createServer((near) => {
      const far = connect(to, "127.0.0.1");
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => other.destroy());
        one.pipe(other);
      }
    });
  }

  static async to(port: number): Promise<Way> {
    const way = new Way(port);
    await way.open();
    return way;
  }

  async open(): Promise<void> {
    await new Promise<void>((done) => this.server.listen(this.port, "127.0.0.1", done));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
