// The AWS SDK for JavaScript against the server: every operation that a chat client may call.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FLOW, FLOW_2, INSTANCE, KEYS, need, openDesk, startCentre } from "./centre.mjs";

const C = need("@aws-sdk/client-connect");
const P = need("@aws-sdk/client-connectparticipant");

/** Every operation of the two models that the server has (`amazon-connect-chat.md` 1, 2, 5). */
const OPERATIONS = {
  connect: `StartChatContact StartOutboundChatContact StopContact UpdateContactAttributes GetContactAttributes CreateParticipant
    TransferContact MonitorContact UpdateParticipantRoleConfig StartContactStreaming StopContactStreaming ListContactReferences
    ListAssociatedContacts TagContact UntagContact DescribeContact UpdateContact AssociateContactWithUser
    SendChatIntegrationEvent SearchContacts ListQueues ListUsers GetCurrentMetricData ListInstances ListContactFlows`,
  participant: `CreateParticipantConnection SendMessage SendEvent GetTranscript DisconnectParticipant StartAttachmentUpload
    CompleteAttachmentUpload GetAttachment DescribeView GetAuthenticationUrl CancelParticipantAuthentication`,
};
const sent = new Set();

/** Notes what a client sends, and sends it. */
function noting(client) {
  const send = client.send.bind(client);
  client.send = (command) => {
    sent.add(command.constructor.name.replace(/Command$/, ""));
    return send(command);
  };
  return client;
}

let centre, control, participant;

before(async () => {
  centre = await startCentre();
  const how = { endpoint: centre.http, region: "us-east-1", credentials: KEYS, maxAttempts: 1 };
  control = noting(new C.ConnectClient(how));
  participant = noting(new P.ConnectParticipantClient(how));
});

after(() => centre?.stop());

async function start(more = {}) {
  const chat = await control.send(
    new C.StartChatContactCommand({ InstanceId: INSTANCE, ContactFlowId: FLOW, ParticipantDetails: { DisplayName: "Jane" }, ...more }),
  );
  const { ConnectionCredentials, Websocket } = await participant.send(
    new P.CreateParticipantConnectionCommand({ ParticipantToken: chat.ParticipantToken, Type: ["WEBSOCKET", "CONNECTION_CREDENTIALS"], ConnectParticipant: true }),
  );
  return { ...chat, at: { InstanceId: INSTANCE, ContactId: chat.ContactId }, ConnectionToken: ConnectionCredentials.ConnectionToken, Websocket };
}

const refused = (name, status) => (error) => {
  assert.equal(error.name, name);
  assert.equal(error.$metadata.httpStatusCode, status);
  return true;
};

test("discovery finds the instance, its flows, queues and people", async () => {
  const { InstanceSummaryList } = await control.send(new C.ListInstancesCommand({}));
  assert.ok(InstanceSummaryList.some(({ Id }) => Id === INSTANCE));
  const { ContactFlowSummaryList } = await control.send(new C.ListContactFlowsCommand({ InstanceId: INSTANCE, ContactFlowTypes: ["CONTACT_FLOW"] }));
  assert.ok(ContactFlowSummaryList.some(({ Id }) => Id === FLOW));
  const { QueueSummaryList } = await control.send(new C.ListQueuesCommand({ InstanceId: INSTANCE }));
  assert.ok(QueueSummaryList.length >= 2);
  const { UserSummaryList } = await control.send(new C.ListUsersCommand({ InstanceId: INSTANCE }));
  assert.ok(UserSummaryList.length >= 20);
});

test("a whole conversation through both clients", async () => {
  const chat = await start({ Attributes: { grade: "VIP 고객" } });
  assert.match(chat.Websocket.Url, /^(wss:\/\/|ws:\/\/127\.0\.0\.1:)/);
  const token = { ConnectionToken: chat.ConnectionToken };
  const said = await participant.send(new P.SendMessageCommand({ ...token, ContentType: "text/plain", Content: "안녕 👋\n둘째 줄" }));
  const again = await participant.send(new P.SendMessageCommand({ ...token, ContentType: "text/plain", Content: "x", ClientToken: "c-1" }));
  const repeat = await participant.send(new P.SendMessageCommand({ ...token, ContentType: "text/plain", Content: "y", ClientToken: "c-1" }));
  assert.equal(again.Id, repeat.Id);
  await participant.send(new P.SendEventCommand({ ...token, ContentType: "application/vnd.amazonaws.connect.event.typing" }));
  const { Transcript } = await participant.send(new P.GetTranscriptCommand({ ...token, SortOrder: "ASCENDING", MaxResults: 100 }));
  const texts = Transcript.filter(({ Type }) => Type === "MESSAGE").filter(({ ParticipantRole }) => ParticipantRole === "CUSTOMER").map(({ Content }) => Content);
  assert.deepEqual(texts, ["안녕 👋\n둘째 줄", "x"]);
  assert.ok(said.AbsoluteTime.endsWith("Z"));

  const { Contact } = await control.send(new C.DescribeContactCommand(chat.at));
  assert.equal(Contact.Channel, "CHAT");
  assert.ok(Contact.InitiationTimestamp instanceof Date);
  await control.send(new C.UpdateContactAttributesCommand({ InstanceId: INSTANCE, InitialContactId: chat.ContactId, Attributes: { city: "서울" } }));
  const { Attributes } = await control.send(new C.GetContactAttributesCommand({ InstanceId: INSTANCE, InitialContactId: chat.ContactId }));
  assert.deepEqual(Attributes, { grade: "VIP 고객", city: "서울" });
  const { ReferenceSummaryList } = await control.send(new C.ListContactReferencesCommand({ ...chat.at, ReferenceTypes: ["URL", "ATTACHMENT"] }));
  assert.ok(Array.isArray(ReferenceSummaryList));

  await participant.send(new P.DisconnectParticipantCommand(token));
  await assert.rejects(participant.send(new P.GetTranscriptCommand(token)), refused("AccessDeniedException", 403));
  await assert.rejects(control.send(new C.StopContactCommand({ InstanceId: INSTANCE, ContactId: crypto.randomUUID() })), refused("ContactNotFoundException", 410));
});

test("a file goes up by its URL and comes down again", async () => {
  const chat = await start();
  const token = { ConnectionToken: chat.ConnectionToken };
  const bytes = new TextEncoder().encode("a,b\n1,2\n");
  const up = await participant.send(
    new P.StartAttachmentUploadCommand({ ...token, ContentType: "text/csv", AttachmentName: "표.csv", AttachmentSizeInBytes: bytes.length, ClientToken: "u" }),
  );
  const put = await fetch(up.UploadMetadata.Url, { method: "PUT", headers: up.UploadMetadata.HeadersToInclude, body: bytes });
  assert.equal(put.status, 200);
  await participant.send(new P.CompleteAttachmentUploadCommand({ ...token, AttachmentIds: [up.AttachmentId], ClientToken: "d" }));
  const { Url } = await participant.send(new P.GetAttachmentCommand({ ...token, AttachmentId: up.AttachmentId }));
  assert.equal(await fetch(Url).then((answer) => answer.text()), "a,b\n1,2\n");
  await control.send(new C.StopContactCommand(chat.at));
});

test("programs come in, watch, stream and steer", async () => {
  const chat = await start();
  const bot = await control.send(new C.CreateParticipantCommand({ ...chat.at, ParticipantDetails: { ParticipantRole: "CUSTOM_BOT", DisplayName: "Robo" } }));
  assert.ok(bot.ParticipantCredentials.ParticipantToken);
  const topic = "arn:aws:sns:us-east-1:123456789012:chat";
  const { StreamingId } = await control.send(
    new C.StartContactStreamingCommand({ ...chat.at, ChatStreamingConfiguration: { StreamingEndpointArn: topic }, ClientToken: "s" }),
  );
  await control.send(new C.StopContactStreamingCommand({ ...chat.at, StreamingId }));
  await control.send(new C.TagContactCommand({ ...chat.at, Tags: { kind: "test" } }));
  await control.send(new C.UntagContactCommand({ ...chat.at, TagKeys: ["kind"] }));
  await control.send(new C.UpdateContactCommand({ ...chat.at, Name: "order", Description: "late" }));
  const { Contact } = await control.send(new C.DescribeContactCommand(chat.at));
  assert.equal(Contact.Name, "order");
  await control.send(
    new C.UpdateParticipantRoleConfigCommand({
      ...chat.at,
      ChannelConfiguration: { Chat: { ParticipantTimerConfigList: [{ ParticipantRole: "CUSTOMER", TimerType: "IDLE", TimerValue: { ParticipantTimerDurationInMinutes: 2 } }] } },
    }),
  );
  const range = { Type: "INITIATION_TIMESTAMP", StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 60_000) };
  const { Contacts } = await control.send(new C.SearchContactsCommand({ InstanceId: INSTANCE, TimeRange: range }));
  assert.ok(Contacts.some(({ Id }) => Id === chat.ContactId));
  const { ContactSummaryList } = await control.send(new C.ListAssociatedContactsCommand(chat.at));
  assert.ok(Array.isArray(ContactSummaryList));
  const event = await control.send(
    new C.SendChatIntegrationEventCommand({
      SourceId: "+821012345678",
      DestinationId: "3001",
      Subtype: "connect:sms",
      Event: { Type: "MESSAGE", ContentType: "text/plain", Content: "문자로 왔습니다" },
      NewSessionDetails: { ParticipantDetails: { DisplayName: "문자 고객" } },
    }),
  );
  assert.equal(event.NewChatCreated, true);
  await control.send(new C.StopContactCommand({ InstanceId: INSTANCE, ContactId: event.InitialContactId }));
  await control.send(new C.StopContactCommand(chat.at));
});

test("an agent answers, is watched, and hands over", async () => {
  const desk = await openDesk(centre.http, "1002");
  const chat = await start();
  await desk.take(chat.ContactId);
  const { UserSummaryList } = await control.send(new C.ListUsersCommand({ InstanceId: INSTANCE, MaxResults: 100 }));
  const supervisor = UserSummaryList.find(({ Username }) => Username === "9001");
  const watch = await control.send(
    new C.MonitorContactCommand({ ...chat.at, UserId: supervisor.Id, AllowedMonitorCapabilities: ["SILENT_MONITOR"], ClientToken: "m" }),
  );
  assert.ok(watch.ContactId);
  const { MetricResults } = await control.send(
    new C.GetCurrentMetricDataCommand({ InstanceId: INSTANCE, Filters: { Queues: ["3001"], Channels: ["CHAT"] }, CurrentMetrics: [{ Name: "CONTACTS_IN_QUEUE", Unit: "COUNT" }] }),
  );
  assert.ok(MetricResults.length > 0);
  const moved = await control.send(new C.TransferContactCommand({ ...chat.at, ContactFlowId: FLOW_2, ClientToken: "t" }));
  const colleague = await openDesk(centre.http, "1011");
  await colleague.take(moved.ContactId);
  await colleague.say(moved.ContactId, "hello again");
  const { Transcript } = await participant.send(new P.GetTranscriptCommand({ ConnectionToken: chat.ConnectionToken, SortOrder: "ASCENDING" }));
  assert.ok(Transcript.some(({ Content }) => Content === "hello again"));
  await control.send(new C.StopContactCommand({ InstanceId: INSTANCE, ContactId: moved.ContactId }));
  await colleague.ask("state", { state: "logged_off" });
  colleague.close();
  desk.close();
});

test("a chat is given to one agent, and another begun for a customer", async () => {
  const desk = await openDesk(centre.http, "1003");
  const chat = await start({ ContactFlowId: FLOW_2 });
  const { UserSummaryList } = await control.send(new C.ListUsersCommand({ InstanceId: INSTANCE, MaxResults: 100 }));
  const agent = UserSummaryList.find(({ Username }) => Username === "1003");
  await control.send(new C.AssociateContactWithUserCommand({ ...chat.at, UserId: agent.Id }));
  await desk.take(chat.ContactId);
  await control.send(new C.StopContactCommand(chat.at));
  desk.close();
  const outbound = await control.send(
    new C.StartOutboundChatContactCommand({
      InstanceId: INSTANCE,
      ContactFlowId: FLOW,
      SourceEndpoint: { Type: "TELEPHONE_NUMBER", Address: "+8215880000" },
      DestinationEndpoint: { Type: "TELEPHONE_NUMBER", Address: "+821012345678" },
      SegmentAttributes: { "connect:Subtype": { ValueString: "connect:SMS" } },
    }),
  );
  const { Contact } = await control.send(new C.DescribeContactCommand({ InstanceId: INSTANCE, ContactId: outbound.ContactId }));
  assert.equal(Contact.InitiationMethod, "OUTBOUND");
  await control.send(new C.StopContactCommand({ InstanceId: INSTANCE, ContactId: outbound.ContactId }));
});

test("what cannot be is refused by its own name", async () => {
  await assert.rejects(start({ ContactFlowId: crypto.randomUUID() }), refused("ResourceNotFoundException", 404));
  await assert.rejects(start({ SupportedMessagingContentTypes: ["text/markdown"] }), (error) => error.$metadata.httpStatusCode === 400);
  const chat = await start();
  const token = { ConnectionToken: chat.ConnectionToken };
  await assert.rejects(
    participant.send(new P.SendMessageCommand({ ...token, ContentType: "text/plain", Content: "x".repeat(16_385) })),
    refused("ValidationException", 400),
  );
  await assert.rejects(participant.send(new P.DescribeViewCommand({ ...token, ViewToken: "none" })), refused("ResourceNotFoundException", 404));
  await assert.rejects(
    participant.send(new P.GetAuthenticationUrlCommand({ ...token, SessionId: crypto.randomUUID(), RedirectUri: "https://example.com/" })),
    (error) => [400, 403].includes(error.$metadata.httpStatusCode),
  );
  await assert.rejects(
    participant.send(new P.CancelParticipantAuthenticationCommand({ ...token, SessionId: crypto.randomUUID() })),
    (error) => [400, 403].includes(error.$metadata.httpStatusCode),
  );
  await control.send(new C.StopContactCommand(chat.at));
});

test("no operation was left out", () => {
  const all = `${OPERATIONS.connect} ${OPERATIONS.participant}`.split(/\s+/);
  assert.deepEqual([...sent].sort(), all.sort());
});
