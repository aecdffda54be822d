/**
 * The far side of a SIP call over WebSocket, as little as a browser's script needs to be tried against: it answers each
 * request as it is told, and keeps them.
 */
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

export interface SipRequest {
  method: string;
  uri: string;
  text: string;
  body: string;
  header(name: string): string;
  /** Answers it; a body is SDP. */
  reply(code: number, phrase: string, body?: string): void;
}

export class FakeSip {
  readonly requests: SipRequest[] = [];
  onInvite: (invite: SipRequest) => void = () => {};
  #server: WebSocketServer;
  #sockets = new Set<WebSocket>();

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("message", (data: Buffer) => this.#take(socket, data.toString()));
    });
  }

  static start(): Promise<FakeSip> {
    return new Promise((done) => {
      const handleProtocols = (offered: Set<string>) => (offered.has("sip") ? "sip" : false);
      const server: WebSocketServer = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols });
      server.once("listening", () => done(new FakeSip(server)));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** All requests of a method. */
  of(method: string): SipRequest[] {
    return this.requests.filter((one) => one.method === method);
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** A request of our own inside the dialog of an answered INVITE. */
  bye(invite: SipRequest): void {
    const contact = /<([^>]+)>/.exec(invite.header("Contact"))?.[1] ?? "";
    const lines = [`BYE ${contact} SIP/2.0`, "Via: SIP/2.0/WS far.invalid;branch=z9hG4bKfar", "Max-Forwards: 70", `From: ${invite.header("To")};tag=far`, `To: ${invite.header("From")}`, `Call-ID: ${invite.header("Call-ID")}`, "CSeq: 1 BYE", "Content-Length: 0", "", ""];
    for (const socket of this.#sockets) socket.send(lines.join("\r\n"));
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #take(socket: WebSocket, text: string): void {
    const [head = "", body = ""] = text.split("\r\n\r\n");
    const [, method = "", uri = ""] = /^([A-Z]+) (\S+) SIP\/2\.0/.exec(head) ?? [];
    if (!method) return;
    const header = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "im").exec(head)?.[1]?.trim() ?? "";
    const reply = (code: number, phrase: string, sdp = "") => {
      const to = code === 100 ? header("To") : `${header("To").replace(/;tag=.*/, "")};tag=far`;
      const lines = [`SIP/2.0 ${code} ${phrase}`, ...head.split("\r\n").filter((line) => /^Via/i.test(line)), `From: ${header("From")}`, `To: ${to}`, `Call-ID: ${header("Call-ID")}`, `CSeq: ${header("CSeq")}`, "Contact: <sip:far@far.invalid;transport=ws>", ...(sdp ? ["Content-Type: application/sdp"] : []), `Content-Length: ${Buffer.byteLength(sdp)}`, "", sdp];
      socket.send(lines.join("\r\n"));
    };
    const request: SipRequest = { method, uri, text, body, header, reply };
    this.requests.push(request);
    if (method === "INVITE") this.onInvite(request);
    else if (method === "BYE") reply(200, "OK");
    else if (method === "CANCEL") {
      reply(200, "OK");
      this.of("INVITE").at(-1)?.reply(487, "Request Terminated");
    }
  }
}
