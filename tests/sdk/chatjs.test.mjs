// amazon-connect-chatjs 5 in node against the server: the rows of kind J of the conformance table
// (amazon-connect-chat.md, section 6), each named after its row.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FLOW, first, INSTANCE, KEYS, need, openDesk, startCentre } from "./centre.mjs";

// What chatjs wants of a browser (amazon-connect-chat.md, 3.10).
const WebSocket = need("ws");
const sockets = new Set();
class Watched extends WebSocket {
  constructor(...given) {
    super(...given);
    sockets.add(this);
    this.on("close", () => sockets.delete(this));
  }
}
Object.assign(globalThis, { window: globalThis, self: globalThis, WebSocket: Watched });
Object.defineProperty(globalThis, "navigator", { value: { onLine: true, userAgent: "node" }, configurable: true });
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
need("amazon-connect-chatjs");
const { connect } = globalThis;

let centre, desk, control, Control;

before(async () => {
  centre = await startCentre();
  connect.ChatSession.setGlobalConfig({
    endpoint: centre.http,
    region: "us-east-1",
    loggerConfig: { useDefaultLogger: false },
    features: { messageReceipts: { shouldSendMessageReceipts: true, throttleTime: 1_000 } },
  });
  Control = need("@aws-sdk/client-connect");
  control = new Control.ConnectClient({ endpoint: centre.http, region: "us-east-1", credentials: KEYS });
  desk = await openDesk(centre.http, "1001");
});

after(async () => {
  desk?.close();
  await centre?.stop();
});

/** A chatjs session of a new customer, with everything it is told. */
async function session() {
  const started = await control.send(
    new Control.StartChatContactCommand({ InstanceId: INSTANCE, ContactFlowId: FLOW, ParticipantDetails: { DisplayName: "Jane" } }),
  );
  const chat = connect.ChatSession.create({
    chatDetails: { contactId: started.ContactId, participantId: started.ParticipantId, participantToken: started.ParticipantToken },
    type: "CUSTOMER",
    disableCSM: true,
  });
  const seen = [];
  const waiting = new Set();
  for (const name of ["onConnectionEstablished", "onConnectionLost", "onConnectionBroken", "onMessage", "onTyping", "onReadReceipt", "onDeliveredReceipt", "onEnded", "onDeepHeartbeatSuccess"]) {
    chat[name](({ data } = {}) => {
      seen.push({ name, data });
      for (const look of waiting) look();
    });
  }
  const heard = (name, wanted = () => true, within) => first(seen, waiting, (it) => it.name === name && wanted(it.data ?? {}), within);
  return { chat, started, seen, heard, connected: await chat.connect() };
}

async function talking() {
  const it = await session();
  await it.heard("onConnectionEstablished");
  const contact = await desk.take(it.started.ContactId);
  await it.heard("onMessage", (data) => data.ContentType?.endsWith("participant.joined") && data.ParticipantRole === "AGENT");
  return { ...it, contact };
}

async function finish(it) {
  await it.chat.disconnectParticipant();
  await it.heard("onEnded");
  await desk.ask("wrapup", { contact: it.started.ContactId }).catch(() => {});
}

test("row 73: connect", async () => {
  const it = await session();
  assert.ok(it.connected.connectSuccess);
  await it.heard("onConnectionEstablished");
  await it.heard("onDeepHeartbeatSuccess", () => true, 15_000);
  await desk.take(it.started.ContactId);
  await finish(it);
});

test("row 74: a message comes back with the Id of its answer", async () => {
  const it = await talking();
  const { data } = await it.chat.sendMessage({ message: "안녕하세요 👋", contentType: "text/plain" });
  const shown = await it.heard("onMessage", ({ Id }) => Id === data.Id);
  assert.equal(shown.data.Content, "안녕하세요 👋");
  await desk.event(({ ev, item }) => ev === "item" && item.id === data.Id);
  await desk.say(it.started.ContactId, "무엇을 도와드릴까요?");
  await it.heard("onMessage", ({ Content }) => Content === "무엇을 도와드릴까요?");
  await finish(it);
});

test("row 75: the other side is typing", async () => {
  const it = await talking();
  await desk.ask("typing", { contact: it.started.ContactId });
  const typing = await it.heard("onTyping");
  assert.equal(typing.data.ParticipantRole, "AGENT");
  await finish(it);
});

test("row 76: the other side has read", async () => {
  const it = await talking();
  const { data } = await it.chat.sendMessage({ message: "read me", contentType: "text/plain" });
  const { item } = await desk.event(({ ev, item }) => ev === "item" && item.id === data.Id);
  await desk.ask("read", { contact: it.started.ContactId, n: item.n });
  const receipt = await it.heard("onReadReceipt", ({ MessageMetadata }) => MessageMetadata?.MessageId === data.Id);
  assert.ok(receipt.data.MessageMetadata.Receipts[0].ReadTimestamp);
  await finish(it);
});

test("row 77: the transcript", async () => {
  const it = await talking();
  const { data: sent } = await it.chat.sendMessage({ message: "kept", contentType: "text/plain" });
  const { data } = await it.chat.getTranscript({ maxResults: 15, sortOrder: "ASCENDING" });
  assert.equal(data.InitialContactId, it.started.ContactId);
  assert.ok(data.Transcript.some(({ Id }) => Id === sent.Id));
  await finish(it);
});

test("row 78: an attachment goes up and comes down", async () => {
  const it = await talking();
  const text = "주문 내역\n".repeat(50);
  await it.chat.sendAttachment({ attachment: new File([text], "주문.txt", { type: "text/plain" }) });
  const shown = await it.heard("onMessage", ({ Type }) => Type === "ATTACHMENT");
  const [attachment] = shown.data.Attachments;
  assert.equal(attachment.Status, "APPROVED");
  const blob = await it.chat.downloadAttachment({ attachmentId: attachment.AttachmentId });
  assert.equal(await blob.text(), text);
  await finish(it);
});

test("row 79: a lost socket is made anew and misses nothing after", async () => {
  const it = await talking();
  for (const socket of sockets) socket.terminate();
  await it.heard("onConnectionLost");
  const lost = it.seen.findIndex(({ name }) => name === "onConnectionLost");
  // It may be told twice of one connection; what counts is what comes after the loss.
  const again = () => it.seen.slice(lost).some(({ name }) => name === "onConnectionEstablished");
  for (let n = 0; n < 200 && !again(); n++) await new Promise((done) => setTimeout(done, 50));
  assert.ok(again(), "the connection is established again");
  await desk.say(it.started.ContactId, "다시 연결되었네요");
  await it.heard("onMessage", ({ Content }) => Content === "다시 연결되었네요");
  await finish(it);
});

test("row 80: the leaver hears the end", async () => {
  const it = await talking();
  await it.chat.disconnectParticipant();
  await it.heard("onEnded");
  await desk.ask("wrapup", { contact: it.started.ContactId });
});

test("row 81: a chat that ended while its client was away ends by 403", async () => {
  const it = await talking();
  const stop = new Control.StopContactCommand({ InstanceId: INSTANCE, ContactId: it.started.ContactId });
  // Away: the sockets are gone and none can be opened until the chat is over.
  const lost = it.heard("onConnectionLost");
  const open = globalThis.WebSocket;
  const { fetch } = globalThis;
  let home;
  const away = new Promise((done) => (home = done));
  globalThis.fetch = async (...given) => {
    await away;
    return fetch(...given);
  };
  for (const socket of sockets) socket.terminate();
  await lost;
  globalThis.fetch = fetch;
  await control.send(stop);
  home();
  globalThis.WebSocket = open;
  await it.heard("onEnded", () => true, 20_000);
  await desk.ask("wrapup", { contact: it.started.ContactId });
});
