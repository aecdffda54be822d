/** What is live just now, from the events themselves: the agent's state, and the latest event of each contact. */
import { contactOf, isContactState, isFinal, type MaxEvent } from "./protocol";

export class Live {
  /** The current `AgentState`. */
  agent: MaxEvent | null = null;
  /** Is the agent's leg muted? */
  muted = false;
  readonly #contacts = new Map<number, MaxEvent>();
  /** The first snapshot has come. */
  ready = false;

  /** Live contacts, oldest first. */
  get contacts(): readonly MaxEvent[] {
    return [...this.#contacts.values()];
  }

  contact(id: number): MaxEvent | undefined {
    return this.#contacts.get(id);
  }

  apply(events: readonly MaxEvent[]): void {
    // A snapshot tells all there is: what it does not name is gone.
    if (events[0]?.Type === "AgentSessionStart") {
      this.#contacts.clear();
      this.muted = false;
      this.ready = true;
    }
    for (const event of events) {
      const id = contactOf(event);
      if (event.Type === "AgentState") this.agent = event;
      else if (event.Type === "Mute") this.muted = event.AgentMuted === "True";
      else if (event.Type === "AgentSessionEnd" || event.Type === "RemoteAgentSessionEnd") this.forget();
      else if (id !== null && isContactState(event)) {
        if (isFinal(event)) this.#contacts.delete(id);
        else this.#contacts.set(id, event);
      }
    }
  }

  forget(): void {
    this.agent = null;
    this.muted = false;
    this.#contacts.clear();
  }
}
