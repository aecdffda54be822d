/** The customer's side of the fake: as much of the Connect chat as `src/try` speaks. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { Contact, Item } from "../src/desk/wire.ts";
import { body, reply, type FakeCentre } from "./fake-desk.ts";

const EVENT = "application/vnd.amazonaws.connect.event.";

export function fakeConnect(centre: FakeCentre) {
  const sockets = new WebSocketServer({ noServer: true });
  const open = new Map<string, Set<WebSocket>>();
  const uploads = new Map<string, { name: string; type: string; bytes: Buffer }>();

  const frame = (contact: Contact, item: Item): Record<string, unknown> => ({
    AbsoluteTime: new Date(item.at).toISOString(),
    Id: item.id,
    Type: item.kind === "message" ? "MESSAGE" : item.kind === "file" ? "ATTACHMENT" : "EVENT",
    ...(item.text === undefined ? {} : { Content: item.text }),
    ...(item.kind === "file"
      ? { Attachments: [{ AttachmentId: item.file!.id, AttachmentName: item.file!.name, ContentType: item.file!.type, Status: "APPROVED" }] }
      : { ContentType: item.kind === "message" ? "text/plain" : `${EVENT}${item.event === "ended" ? "chat.ended" : `participant.${item.event}`}` }),
    ParticipantId: item.by?.participant,
    DisplayName: item.by?.name,
    ParticipantRole: item.by?.role.toUpperCase(),
    ...(item.kind === "message" ? { MessageMetadata: { MessageId: item.id, Receipts: [] } } : {}),
    InitialContactId: contact.id,
    ContactId: contact.id,
  });

  function tell(contact: string, value: Record<string, unknown>): void {
    const text = JSON.stringify({ topic: "aws/chat", contentType: "application/json", content: JSON.stringify(value) });
    for (const socket of open.get(contact) ?? []) socket.send(text);
  }

  centre.onItem = (contact, item) => {
    if (item.audience !== "agents") tell(contact.id, frame(contact, item));
  };

  async function handle(url: URL, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!/^\/(Prod|participant|fake-upload)/.test(url.pathname)) return false;
    if (url.pathname.startsWith("/fake-upload/")) {
      const upload = uploads.get(url.pathname.slice(13));
      if (upload) upload.bytes = await body(request);
      reply(response, 200, {});
      return true;
    }
    const given = JSON.parse(String(await body(request)) || "{}");
    if (url.pathname === "/Prod") {
      const contact = centre.offer(given.ParticipantDetails.DisplayName);
      const result = { ContactId: contact.id, ParticipantId: contact.customer!.participant, ParticipantToken: contact.id };
      reply(response, 200, { data: { startChatResult: result } });
      return true;
    }
    const contact = centre.contacts.get(String(request.headers["x-amz-bearer"]));
    if (!contact || contact.state === "wrapup") {
      reply(response, 403, { message: "Access denied" });
      return true;
    }
    switch (url.pathname.slice(13)) {
      case "connection":
        reply(response, 200, {
          Websocket: { Url: `ws://${request.headers.host}/fake-chat?${contact.id}`, ConnectionExpiry: new Date(Date.now() + 3_600_000).toISOString() },
          ConnectionCredentials: { ConnectionToken: contact.id, Expiry: new Date(Date.now() + 86_400_000).toISOString() },
        });
        break;
      case "message": {
        const item = centre.say(contact, "customer", given.Content);
        reply(response, 200, { Id: item.id, AbsoluteTime: new Date(item.at).toISOString() });
        break;
      }
      case "event":
        if (given.ContentType === `${EVENT}typing`)
          centre.signal({ sig: "typing", room: contact.room, participant: contact.customer!.participant, name: contact.customer!.name });
        else {
          const { messageId } = JSON.parse(given.Content);
          const n = centre.rooms.get(contact.room)!.find(({ id }) => id === messageId)?.n ?? 0;
          const read = given.ContentType.endsWith("read") ? { read: n } : {};
          centre.emit({ ev: "marks", room: contact.room, participant: contact.customer!.participant, delivered: n, ...read });
        }
        reply(response, 200, { Id: randomUUID(), AbsoluteTime: new Date().toISOString() });
        break;
      case "transcript":
        reply(response, 200, {
          InitialContactId: contact.id,
          Transcript: centre.rooms.get(contact.room)!.filter(({ audience }) => audience !== "agents").slice(-(given.MaxResults ?? 10)).map((item) => frame(contact, item)),
        });
        break;
      case "start-attachment-upload": {
        const id = randomUUID();
        uploads.set(id, { name: given.AttachmentName, type: given.ContentType, bytes: Buffer.alloc(0) });
        reply(response, 200, { AttachmentId: id, UploadMetadata: { Url: `http://${request.headers.host}/fake-upload/${id}`, UrlExpiry: "", HeadersToInclude: { "Content-Type": given.ContentType, "Content-Length": "1" } } });
        break;
      }
      case "complete-attachment-upload": {
        const id = given.AttachmentIds[0] as string;
        const upload = uploads.get(id)!;
        const size = upload.bytes.length;
        centre.files.set(id, { ...upload, size, contact: contact.id, client: id });
        centre.push(contact, { kind: "file", by: centre.by(contact, "customer"), file: { id, name: upload.name, type: upload.type, size, status: "approved", image: upload.type.startsWith("image/") } });
        reply(response, 200, {});
        break;
      }
      case "attachment":
        reply(response, 200, { Url: `/api/v1/files/${given.AttachmentId}`, UrlExpiry: "", AttachmentSizeInBytes: 1 });
        break;
      case "disconnect":
        centre.event(contact, "left", contact.customer!.name, "customer", false);
        reply(response, 200, {});
        centre.do({ do: "end", contact: contact.id });
        break;
      default:
        reply(response, 404, {});
    }
    return true;
  }

  function upgrade(url: URL, request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (url.pathname !== "/fake-chat") return false;
    const id = url.search.slice(1);
    sockets.handleUpgrade(request, socket, head, (one) => {
      one.on("close", () => open.get(id)?.delete(one));
      one.on("message", (data) => {
        const { topic } = JSON.parse(String(data));
        if (topic === "aws/subscribe") {
          open.set(id, (open.get(id) ?? new Set()).add(one));
          one.send(JSON.stringify({ topic, content: { status: "success", topics: ["aws/chat"] } }));
        } else one.send(JSON.stringify(topic === "aws/ping" ? { topic, statusCode: 200, statusContent: "OK" } : { topic }));
      });
    });
    return true;
  }

  return { handle, upgrade };
}
