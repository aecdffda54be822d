/** A client of the CTI gateway, for what an application does with calls. */
import type { Page } from "@playwright/test";
import WebSocket from "ws";
import { expect } from "./fixtures";

interface Told {
  fname: string;
  id?: number;
  monitor?: string;
  result?: number;
  call?: { c1?: number };
}

export class Rio {
  private readonly events: Told[] = [];
  private readonly answers: ((answer: Told) => void)[] = [];
  private readonly link: WebSocket;

  private constructor(link: WebSocket) {
    this.link = link;
    link.on("message", (text: Buffer) => {
      const told = JSON.parse(text.toString()) as Told;
      if (told.fname === "event") this.events.push(told);
      else this.answers.shift()?.(told);
    });
  }

  /** Logged in, and told of these devices. */
  static async open(page: Page, ...devices: string[]): Promise<Rio> {
    const { listeners } = (await (await page.request.get("/api/v1/about")).json()) as { listeners: { rio: string } };
    const link = new WebSocket(listeners.rio);
    await new Promise((done) => link.once("open", done));
    const rio = new Rio(link);
    await rio.do("login", { id: "cube", pwd: "cube123" });
    for (const device of devices) await rio.do("addmonitor", { device });
    return rio;
  }

  async do(fname: string, members: object = {}): Promise<void> {
    const answer = new Promise<Told>((done) => this.answers.push(done));
    this.link.send(JSON.stringify({ fname, ...members }));
    expect((await answer).result, fname).toBe(1);
  }

  /** Waits until a device was told this event; gives the call. */
  async came(device: string, id: number): Promise<number> {
    const found = () => this.events.findLast((told) => told.monitor === device && told.id === id);
    await expect.poll(found, { message: `event ${id} at ${device}`, timeout: 15_000 }).toBeTruthy();
    return found()!.call!.c1!;
  }

  close(): void {
    this.link.close();
  }
}
