/**
 * A server that is none: enough of the desk's wire and of the Connect chat for work on the pages without the real one.
 * `npm run dev:fake`; any user, password `demo`. Never part of a build.
 *
 * `POST /dev/<act>` makes things happen: offer, message, typing, read, drop (closes the sockets), away {"ms"} (refuses
 * them for a while), mute {"ms"} (sockets stay open and nobody answers), join.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import type { Plugin } from "vite";
import { WebSocketServer, type WebSocket } from "ws";
import type { Audience, Contact, Customer, Item, Member } from "../src/desk/wire.ts";
import { fakeConnect } from "./fake-connect.ts";

type Live = { -readonly [K in keyof Contact]: Contact[K] };
/** Every member that some verb or act takes. The fake believes what it is sent. */
interface Frame {
  id: number;
  do: string;
  contact: string;
  client: string;
  text: string;
  audience?: Audience;
  n: number;
  room: string;
  before?: number;
  after?: number;
  limit?: number;
  name: string;
  type: string;
  size: number;
  file: string;
  agent: string;
  seconds: number;
  set: Record<string, string>;
  state: string;
  reason?: number;
  ms: number;
}
const NOW = () => Date.now();
const MIN = 60_000;

export class FakeCentre {
  seq = 100;
  sockets = new Set<WebSocket>();
  loggedIn = true;
  awayUntil = 0;
  muteUntil = 0;
  agent = { state: "ready", reason: 0, since: NOW() - 22 * MIN };
  contacts = new Map<string, Live>();
  rooms = new Map<string, Item[]>();
  said = new Map<string, { id: string; n: number; at: number }>();
  files = new Map<string, { name: string; type: string; size: number; bytes: Buffer; contact: string; client: string }>();
  /** Told of each new item: the Connect side listens here. */
  onItem: (contact: Contact, item: Item) => void = () => {};
  number = 4820;

  constructor() {
    const long = this.add("홍길동", "3001", "배송 문의", "talking", 5 * MIN, { verified: true, id: "cust-88213" });
    long.attributes = { phone: "01012345678", grade: "VIP · 가입 4년", page: "/orders/88213" };
    for (let i = 1; i <= 120; i++) {
      const mine = i % 3 === 0;
      this.say(long, mine ? "agent" : "customer", `${i}번째 ${mine ? "답변입니다." : "질문입니다. 어제 주문한 무선 청소기 배송이 궁금합니다."}`, NOW() - (200 - i) * MIN, "all", true);
    }
    this.say(long, "bot", "안녕하세요, 한빛몰 고객센터입니다. 무엇을 도와드릴까요?", NOW() - 6 * MIN, "all", true);
    this.event(long, "joined", "김서연", "agent");
    this.say(long, "agent", "안녕하세요, 홍길동 고객님. 한빛몰 상담사 김서연입니다. 무엇을 도와드릴까요?", NOW() - 4.5 * MIN, "all", true);
    this.say(long, "customer", "어제 주문한 무선 청소기가 아직 ‘상품 준비 중’으로 나와요. 내일까지 꼭 받아야 하는데 가능할까요?", NOW() - 4 * MIN, "all", true);
    const file = this.addFile(long, "주문내역_20261121.png", "image/png", 1_200_000);
    this.push(long, { kind: "file", file: { ...file, status: "approved", image: true }, by: this.by(long, "customer"), at: NOW() - 3.8 * MIN }, true);
    this.say(long, "agent", "VIP 고객. 지난달 지연 배송으로 쿠폰 지급 이력 있음.", NOW() - 3 * MIN, "agents", true);
    this.say(long, "agent", "확인했습니다. 물류센터에서 오늘 오후 5시 출고 예정이라 내일 오전에 받으실 수 있습니다. 출고되면 https://example.test/t/88213 에서 확인해 주세요.", NOW() - 2 * MIN, "all", true);
    const n = this.rooms.get(long.room)!.at(-1)!.n;
    long.marks = [{ participant: long.customer!.participant, delivered: n, read: n }];
    this.say(long, "customer", "네 감사합니다! 혹시 부재 시에는 어떻게 되나요?", NOW() - 20_000, "all", true);
    long.read = n;
    const second = this.add("박민지", "3002", "상품 문의", "talking", 3 * MIN, {});
    this.say(second, "customer", "안녕하세요", NOW() - 100_000, "all", true);
    this.say(second, "customer", "색상 교환도 가능한가요?", NOW() - 95_000, "all", true);
    const third = this.add("Alexandra Featherstonehaugh-Kowalczyk", "3001", "배송 문의", "talking", 9 * MIN, {});
    this.say(third, "customer", "Hello?", NOW() - 9 * MIN, "all", true);
    this.say(third, "agent", "Hello, how can I help you?", NOW() - 8 * MIN, "all", true);
  }

  add(name: string, queue: string, queueName: string, state: Contact["state"], age: number, customer: Partial<Customer>): Live {
    const id = randomUUID();
    const number = ++this.number;
    const contact: Live = {
      id, room: randomUUID(), number, channel: "chat", state, as: "agent", me: randomUUID(),
      queue: { id: queue, name: queueName }, since: NOW() - age, started: NOW() - age,
      customer: { participant: randomUUID(), name, verified: false, present: true, ...customer },
      attributes: {}, members: [], last: 0, read: 0, marks: [],
      why: {
        queue, rule: "longest_idle", score: 22,
        candidates: [{ agent: "1001", name: "김서연", score: 22 }, { agent: "1003", name: "이도윤", score: 11 }],
        out: [{ agent: "1002", name: "박지훈", rule: "busy" }, { agent: "1004", name: "최유나", rule: "not_ready" }],
        out_counts: { logged_off: 6 },
      },
    };
    if (state === "offered") contact.offer_until = NOW() + 30_000;
    contact.members = [
      { participant: contact.customer!.participant, role: "customer", name, state: "joined" },
      { participant: contact.me!, role: "agent", name: "김서연", user: "1001", state: state === "offered" ? "invited" : "joined" },
    ];
    this.contacts.set(id, contact);
    this.rooms.set(contact.room, []);
    return contact;
  }

  by(contact: Contact, who: string): NonNullable<Item["by"]> {
    if (who === "customer") return { participant: contact.customer!.participant, role: "customer", name: contact.customer!.name };
    if (who === "agent") return { participant: contact.me!, role: "agent", name: "김서연" };
    return { participant: "bot", role: "bot", name: "한빛봇" };
  }

  say(contact: Live, who: string, text: string, at = NOW(), audience: Audience = "all", quiet = false): Item {
    return this.push(contact, { kind: "message", type: "text/plain", text, audience, by: this.by(contact, who), at }, quiet);
  }

  event(contact: Live, event: string, name: string, role: string, quiet = true): Item {
    return this.push(contact, { kind: "event", event, by: { role, name }, at: quiet ? NOW() - 5 * MIN : NOW() }, quiet);
  }

  push(contact: Live, item: Partial<Item>, quiet = false): Item {
    const items = this.rooms.get(contact.room)!;
    const made = { n: (items.at(-1)?.n ?? 0) + 1, id: randomUUID(), at: NOW(), contact: contact.id, ...item } as Item;
    items.push(made);
    contact.last = made.n;
    if (!quiet) {
      this.emit({ ev: "item", room: contact.room, item: made });
      this.onItem(contact, made);
    }
    return made;
  }

  addFile(contact: Contact, name: string, type: string, size: number, client: string = randomUUID()) {
    const id = randomUUID();
    this.files.set(id, { name, type, size, bytes: Buffer.alloc(0), contact: contact.id, client });
    return { id, name, type, size };
  }

  emit(event: object): void {
    const text = JSON.stringify({ seq: ++this.seq, at: NOW(), ...event });
    for (const socket of this.sockets) socket.send(text);
  }

  signal(signal: object): void {
    for (const socket of this.sockets) socket.send(JSON.stringify(signal));
  }

  changed(contact: Contact): void {
    this.emit({ ev: "contact", contact: this.view(contact) });
  }

  view(contact: Contact): Contact {
    return contact;
  }

  gone(contact: Contact, why: string): void {
    this.contacts.delete(contact.id);
    this.emit({ ev: "gone", contact: contact.id, why });
  }

  queues() {
    return [
      { id: "3001", name: "배송 문의", waiting: 4, oldest: NOW() - 72_000, mine: true },
      { id: "3002", name: "상품 문의", waiting: 1, oldest: NOW() - 9_000, mine: true },
      { id: "3105", name: "결제·환불", waiting: 0, mine: true },
    ];
  }

  offer(name = "방문 고객 4821"): Live {
    const contact = this.add(name, "3002", "상품 문의", "offered", 0, {});
    this.say(contact, "customer", "새 제품 재고가 있나요?", NOW(), "all", true);
    this.changed(contact);
    return contact;
  }

  hello() {
    return {
      seq: this.seq, at: NOW(), user: { id: "1001", name: "김서연", role: "agent", extension: "1001" },
      agent: { channels: { chat: this.agent }, limits: { chat: 4 } },
      reasons: [{ code: 1, ko: "휴식", en: "Break" }, { code: 2, ko: "식사", en: "Meal" }, { code: 3, ko: "교육", en: "Training" }],
      queues: this.queues(),
      wrapup_codes: [{ code: "done", ko: "처리 완료", en: "Resolved" }, { code: "callback", ko: "재연락 필요", en: "Follow up" }, { code: "spam", ko: "장난·오인입", en: "Spam" }],
      contacts: [...this.contacts.values()],
      limits: { text: 16384, file: 20_971_520, types: [".png", ".jpg", ".pdf", ".txt", ".docx"] },
    };
  }

  /** One verb; throws `[code, message]`. */
  do(given: Partial<Frame>): object {
    const frame = given as Frame;
    const contact = frame.contact ? this.contacts.get(frame.contact) : undefined;
    if (frame.contact && !contact) throw ["contact.none", "그런 상담이 없습니다"];
    const c = contact!;
    switch (frame.do) {
      case "hello":
        return this.hello();
      case "ping":
        return { at: NOW() };
      case "state":
        this.agent = { state: frame.state, reason: frame.reason ?? 0, since: NOW() };
        this.emit({ ev: "agent", channels: { chat: this.agent } });
        return {};
      case "accept":
        c.state = "talking";
        c.since = NOW();
        delete c.offer_until;
        this.changed(c);
        this.event(c, "joined", "김서연", "agent", false);
        return {};
      case "refuse":
        this.gone(c, "refused");
        return {};
      case "say": {
        const old = this.said.get(frame.client);
        if (old) return { item: old };
        if (String(frame.text).includes("거절해")) throw ["text.refused", "보낼 수 없는 말이 들어 있습니다"];
        const { id, n, at } = this.say(c, "agent", frame.text, NOW(), frame.audience ?? "all");
        this.said.set(frame.client, { id, n, at });
        return { item: { id, n, at } };
      }
      case "typing":
        return {};
      case "read":
        c.read = Math.max(c.read ?? 0, frame.n);
        return {};
      case "items": {
        const all = this.rooms.get(frame.room) ?? [];
        const { limit = 50, after, before } = frame;
        if (after !== undefined) {
          const later = all.filter(({ n }) => n > after);
          return { items: later.slice(0, limit), more: later.length > limit };
        }
        const earlier = before === undefined ? all : all.filter(({ n }) => n < before);
        return { items: earlier.slice(-limit), more: earlier.length > limit };
      }
      case "file": {
        const { id } = this.addFile(c, frame.name, frame.type, frame.size, frame.client);
        return { file: id, url: `/api/v1/files/${id}` };
      }
      case "file_done": {
        const file = this.files.get(frame.file)!;
        const image = file.type.startsWith("image/");
        const item = this.push(c, { kind: "file", audience: "all", by: this.by(c, "agent"), file: { id: frame.file, name: file.name, type: file.type, size: file.size, status: "approved", image } });
        return { item: { id: item.id, n: item.n, at: item.at } };
      }
      case "transfer":
        setTimeout(() => this.gone(c, "transferred"), 0);
        return {};
      case "invite":
        c.members = [...(c.members as Member[]), { participant: randomUUID(), role: "agent", name: "이도윤", user: frame.agent, state: "invited" }];
        this.changed(c);
        return {};
      case "leave":
        setTimeout(() => this.gone(c, "done"), 0);
        return {};
      case "end":
        c.state = "wrapup";
        c.since = NOW();
        c.wrapup_until = NOW() + 90_000;
        this.event(c, "ended", "", "system", false);
        this.changed(c);
        return {};
      case "wrapup":
        setTimeout(() => this.gone(c, "done"), 0);
        return {};
      case "extend":
        c.wrapup_until = (c.wrapup_until ?? NOW()) + frame.seconds * 1_000;
        this.changed(c);
        return { wrapup_until: c.wrapup_until };
      case "attributes":
        c.attributes = { ...c.attributes, ...frame.set };
        this.changed(c);
        return {};
      case "people":
        return {
          agents: ["김서연", "박지훈", "이도윤", "최유나", "정하준"].map((name, i) => ({ id: String(1001 + i), name, states: { chat: ["ready", "ready", "ready", "not_ready", "logged_off"][i] }, load: [2, 4, 0, 1, 0][i] })),
          queues: this.queues(),
        };
      case "history":
        return { contacts: [
          { id: randomUUID(), number: 4100, channel: "voice", queue: "3001", started: NOW() - 28 * 24 * 60 * MIN, ended: NOW() - 28 * 24 * 60 * MIN + 372_000, reason: "agent" },
          { id: randomUUID(), number: 3900, channel: "chat", queue: "3002", started: NOW() - 79 * 24 * 60 * MIN, ended: NOW() - 79 * 24 * 60 * MIN + 280_000, reason: "customer" },
        ] };
      default:
        throw ["verb.unknown", String(frame.do)];
    }
  }

  act(name: string, given: Partial<Frame>): void {
    const first = [...this.contacts.values()].find((contact) => !given.name || contact.customer!.name === given.name)!;
    if (name === "reset") {
      for (const socket of this.sockets) socket.close(1012);
      const fresh = new FakeCentre();
      Object.assign(this, { ...fresh, sockets: this.sockets, onItem: this.onItem });
    }
    if (name === "offer") this.offer(given.name);
    if (name === "message") this.say(first, "customer", given.text ?? "혹시 오늘 받을 수 있을까요?");
    if (name === "typing") this.signal({ sig: "typing", room: first.room, participant: first.customer!.participant, name: first.customer!.name });
    if (name === "read") this.emit({ ev: "marks", room: first.room, participant: first.customer!.participant, delivered: first.last, read: first.last });
    if (name === "empty") for (const contact of [...this.contacts.values()]) this.gone(contact, "done");
    if (name === "missed") for (const contact of [...this.contacts.values()]) if (contact.state === "offered") this.gone(contact, "missed");
    if (name === "away") this.awayUntil = NOW() + (given.ms ?? 0);
    if (name === "mute") this.muteUntil = NOW() + (given.ms ?? 0);
    if (name === "drop" || name === "away") for (const socket of this.sockets) socket.close(1012);
    if (name === "kick") for (const socket of this.sockets) socket.close(4401);
  }
}

export async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(status === 204 ? undefined : JSON.stringify(value));
}

/** A picture of one colour: a real image for the thumbs. */
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200"><rect width="320" height="200" fill="#c9d6f7"/><circle cx="160" cy="100" r="60" fill="#2f55d4"/></svg>`;

const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data: blob: https:";

export function fakeDesk(): Plugin {
  const centre = new FakeCentre();
  const connect = fakeConnect(centre);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 });

  async function handle(request: IncomingMessage, response: ServerResponse, next: () => void) {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (await connect.handle(url, request, response)) return;
    if (url.pathname === "/api/v1/session") {
      const user = { id: "1001", name: "김서연", role: "agent", extension: "1001" };
      if (request.method === "DELETE") {
        centre.loggedIn = false;
        return reply(response, 204, null);
      }
      if (request.method === "POST") {
        const { password } = JSON.parse(String(await body(request)));
        if (password !== "demo") return reply(response, 401, { error: { code: "session.wrong_password", message: "no" } });
        centre.loggedIn = true;
      }
      return centre.loggedIn ? reply(response, 200, { user, expires: NOW() + 1e7 }) : reply(response, 401, {});
    }
    if (url.pathname === "/api/v1/about") {
      return reply(response, 200, { name: "sangdam", version: "0.1.0", demo: true, realm: "demo.sangdam.test", listeners: { http: "0.0.0.0:8080", cti: "0.0.0.0:8877" } });
    }
    if (url.pathname.startsWith("/api/v1/files/")) {
      const file = centre.files.get(url.pathname.split("/")[4] ?? "");
      if (!file) return reply(response, 404, {});
      if (request.method === "PUT") {
        file.bytes = await body(request);
        return reply(response, 200, {});
      }
      const own = file.bytes.length > 0;
      response.writeHead(200, { "Content-Type": own ? file.type : "image/svg+xml" });
      return void response.end(own ? file.bytes : PICTURE);
    }
    if (url.pathname.startsWith("/dev/") && request.method === "POST") {
      centre.act(url.pathname.slice(5), JSON.parse(String(await body(request)) || "{}"));
      return reply(response, 200, {});
    }
    next();
  }

  function attach(http: import("node:http").Server) {
    http.on("upgrade", (request, socket, head) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (connect.upgrade(url, request, socket, head)) return;
      if (url.pathname !== "/api/v1/desk") return;
      if (!centre.loggedIn || NOW() < centre.awayUntil) return void socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
      sockets.handleUpgrade(request, socket, head, (open) => {
        open.on("close", () => centre.sockets.delete(open));
        open.on("message", (data) => {
          if (NOW() < centre.muteUntil) return;
          const frame: Frame = JSON.parse(String(data));
          try {
            const ok = centre.do(frame);
            // Events go before the answer here: the harder order for a client.
            open.send(JSON.stringify({ id: frame.id, ok }));
            if (frame.do === "hello") centre.sockets.add(open);
          } catch (error) {
            if (!Array.isArray(error)) throw error;
            open.send(JSON.stringify({ id: frame.id, no: { code: error[0], message: error[1] } }));
          }
        });
      });
    });
  }

  const use = (server: { middlewares: { use(handler: typeof handle): unknown }; httpServer: unknown }) => {
    server.middlewares.use(handle);
    attach(server.httpServer as import("node:http").Server);
  };
  return {
    name: "fake-desk",
    configureServer: (server) => use(server),
    configurePreviewServer: (server) => {
      // The server's own policy, so that what it would stop is stopped here too.
      server.middlewares.use((_, response, next) => (response.setHeader("Content-Security-Policy", POLICY), next()));
      use(server);
    },
  };
}
