/**
 * What the desk knows of a telephone in the browser that is an agent's extension. The voice part, loaded when the agent turns
 * it on, brings one; tests bring another. No type of a SIP library is seen here.
 */

/** By what it registers: the server gives a new one each few minutes. */
export interface PhonePass {
  readonly device: string;
  /** The domain in SIP addresses. */
  readonly realm: string;
  readonly user: string;
  readonly password: string;
}

/**
 * ```text
 * connecting ──REGISTER──▶ ready ◀──▶ lost ──30 s──▶ over
 *      └── refused: another pass is wanted, or over
 * ```
 */
export type Standing = "connecting" | "ready" | "lost" | "over";

export interface AgentPhoneListener {
  standing(standing: Standing): void;
  /** A call's sound goes through this browser, or none does; with the number of its matter. */
  talking(cnid: string | undefined): void;
  /** The far side's picture, while one comes; `able`: the call has pictures, so that the agent may show theirs. */
  seeing(picture: MediaStream | undefined, able: boolean): void;
  /** The microphone could not be had for a call, which was turned down. */
  noMicrophone(error: unknown): void;
  /** The pass was not taken. */
  renew(): void;
}

export interface AgentPhone {
  /** Registers by this pass from now on. */
  renew(pass: PhonePass): void;
  /** Takes the call of this matter back, in which the page was before it was loaded anew. */
  resume(cnid: string): void;
  /** Sends silence, or the microphone again, whatever call comes. */
  mute(on: boolean): void;
  /** Another microphone, at once. */
  replace(stream: MediaStream): Promise<void>;
  /** Shows the camera's picture in the call that is on, or takes it away. The track is the phone's from now on. */
  camera(track: MediaStreamTrack | null): Promise<void>;
  /** Another loudspeaker; the empty text is the system's. Where the browser knows no such choice, nothing. */
  output(device: string): Promise<void>;
  /** How the sound travels; nothing while there is no call. */
  stats(): Promise<RTCStatsReport | undefined>;
  /** Hangs up and takes its registration back. */
  stop(): void;
  /** Falls silent without a word: the call is for whoever takes it back. */
  abandon(): void;
}

/** Opens the socket and registers. The microphone is asked for when a call comes. */
export type MakeAgentPhone = (
  url: string,
  pass: PhonePass,
  microphone: () => Promise<MediaStream>,
  listener: AgentPhoneListener,
) => AgentPhone;
