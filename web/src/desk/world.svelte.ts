/**
 * Holds the world for the components: each event makes a new one (`reduce.ts`), and Svelte shows what differs.
 */
import { applyEvent, applySignal, fromHello, order, type Room, type World } from "./reduce";
import type { Contact, DeskEvent, Hello, Signal } from "./wire";

export class WorldHolder {
  #current = $state.raw<World | null>(null);
  #ordered = $derived(this.#current ? order(this.#current) : []);

  /** `null` until the first `hello`. */
  get current(): World | null {
    return this.#current;
  }

  /** Contacts by urgency. */
  get contacts(): readonly Contact[] {
    return this.#ordered;
  }

  contact(id: string | null): Contact | undefined {
    return this.#current?.contacts.find((contact) => contact.id === id);
  }

  room(contact: Contact | undefined): Room | undefined {
    return contact && this.#current?.rooms[contact.room];
  }

  hello(hello: Hello): void {
    this.#current = fromHello(this.#current, hello);
  }

  event(event: DeskEvent): void {
    this.change((world) => applyEvent(world, event));
  }

  signal(signal: Signal, now: number): void {
    this.change((world) => applySignal(world, signal, now));
  }

  change(how: (world: World) => World): void {
    if (this.#current) this.#current = how(this.#current);
  }

  forget(): void {
    this.#current = null;
  }
}
