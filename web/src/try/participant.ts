/**
 * The customer's half of the Amazon Connect participant service, as far as this page needs it: HTTP for what one
 * does, a WebSocket for what happens. A bearer in `X-Amz-Bearer`: the participant token opens a connection, whose own
 * token does everything else. 403 means that the chat is over.
 */

/** The chat has ended, or this participant has left it. */
export class ChatOver extends Error {
  override readonly name = "ChatOver";
}

export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly status: number;
  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

export interface Chat {
  readonly contact: string;
  readonly participant: string;
  readonly token: string;
}

export interface Attachment {
  readonly AttachmentId: string;
  readonly AttachmentName: string;
  readonly ContentType: string;
  readonly Status: string;
}

export interface Receipt {
  readonly DeliveredTimestamp?: string;
  readonly ReadTimestamp?: string;
  readonly RecipientParticipantId: string;
}

/** One line of the chat, in the service's own words. */
export interface ChatItem {
  readonly Id: string;
  readonly Type: string;
  /** Always of one width, so it sorts as text. */
  readonly AbsoluteTime: string;
  readonly Content?: string;
  readonly ContentType?: string;
  readonly ParticipantId?: string;
  readonly ParticipantRole?: string;
  readonly DisplayName?: string;
  readonly Attachments?: readonly Attachment[];
  readonly MessageMetadata?: { readonly MessageId: string; readonly Receipts?: readonly Receipt[] };
}

export const EVENT = "application/vnd.amazonaws.connect.event.";
const TRANSCRIPT_PAGE = 100;

async function call<T>(path: string, bearer: string | undefined, given: object): Promise<T> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(bearer ? { "X-Amz-Bearer": bearer } : {}) },
    body: JSON.stringify(given),
  });
  if (answer.status === 403 && bearer) throw new ChatOver();
  if (!answer.ok) throw new CallFailed(answer.status);
  return (await answer.json()) as T;
}

interface Started {
  readonly ContactId: string;
  readonly ParticipantId: string;
  readonly ParticipantToken: string;
}

/** The open start endpoint. Newer answers wrap the result, the oldest do not. */
export async function start(name: string): Promise<Chat> {
  type Answer = { data: { startChatResult?: Started } & Partial<Started> };
  const { data } = await call<Answer>("/Prod", undefined, { ParticipantDetails: { DisplayName: name } });
  const { ContactId, ParticipantId, ParticipantToken } = (data.startChatResult ?? data) as Started;
  return { contact: ContactId, participant: ParticipantId, token: ParticipantToken };
}

/** Where to listen, and the token for everything else. */
export async function connect(chat: Chat): Promise<{ url: string; token: string }> {
  type Answer = { Websocket: { Url: string }; ConnectionCredentials: { ConnectionToken: string } };
  const made = await call<Answer>("/participant/connection", chat.token, { Type: ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
  return { url: made.Websocket.Url, token: made.ConnectionCredentials.ConnectionToken };
}

export async function transcript(token: string): Promise<readonly ChatItem[]> {
  const all: ChatItem[] = [];
  let next: string | undefined;
  do {
    type Answer = { Transcript: ChatItem[]; NextToken?: string };
    const page: Answer = await call("/participant/transcript", token, {
      MaxResults: TRANSCRIPT_PAGE,
      SortOrder: "ASCENDING",
      ScanDirection: "BACKWARD",
      StartPosition: {},
      ...(next ? { NextToken: next } : {}),
    });
    all.unshift(...page.Transcript);
    next = page.NextToken;
  } while (next);
  return all;
}

export function say(token: string, id: string, text: string): Promise<{ Id: string; AbsoluteTime: string }> {
  return call("/participant/message", token, { ContentType: "text/plain", Content: text, ClientToken: id });
}

export function typing(token: string): Promise<unknown> {
  return call("/participant/event", token, { ContentType: `${EVENT}typing` });
}

export function receipt(token: string, kind: "delivered" | "read", message: string): Promise<unknown> {
  const Content = JSON.stringify({ messageId: message });
  return call("/participant/event", token, { ContentType: `${EVENT}message.${kind}`, Content });
}

export function leave(token: string, id: string): Promise<unknown> {
  return call("/participant/disconnect", token, { ClientToken: id });
}

export async function attach(token: string, id: string, file: File, progress: (part: number) => void): Promise<void> {
  type Begun = {
    AttachmentId: string;
    UploadMetadata: { Url: string; HeadersToInclude: Readonly<Record<string, string>> };
  };
  const { AttachmentId, UploadMetadata } = await call<Begun>("/participant/start-attachment-upload", token, {
    AttachmentName: file.name,
    AttachmentSizeInBytes: file.size,
    ContentType: file.type || "application/octet-stream",
    ClientToken: id,
  });
  await put(UploadMetadata.Url, UploadMetadata.HeadersToInclude, file, progress);
  await call("/participant/complete-attachment-upload", token, { AttachmentIds: [AttachmentId], ClientToken: `${id}-done` });
}

export async function attachmentUrl(token: string, id: string): Promise<string> {
  return (await call<{ Url: string }>("/participant/attachment", token, { AttachmentId: id })).Url;
}

function put(url: string, headers: Readonly<Record<string, string>>, file: File, progress: (part: number) => void) {
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sets the length itself and lets no page do it.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onload = () => (request.status < 300 ? resolve() : reject(new CallFailed(request.status)));
    request.onerror = () => reject(new CallFailed(0));
    request.send(file);
  });
}
