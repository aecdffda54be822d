/** Unsent words, one draft per contact. They survive a reload and go with the contact. */
import { keysOf, load, save } from "../ui/storage";

export interface Draft {
  readonly text: string;
  readonly note: boolean;
}

export interface WrapupDraft {
  readonly code: string;
  readonly note: string;
}

const TEXT = "sangdam.draft.";
const WRAPUP = "sangdam.wrapup.";

export class Drafts {
  #files = $state.raw<Readonly<Record<string, readonly File[]>>>({});

  get(contact: string): Draft {
    return load<Draft>("local", TEXT + contact, { text: "", note: false });
  }

  set(contact: string, draft: Draft): void {
    save("local", TEXT + contact, draft.text === "" && !draft.note ? undefined : draft);
  }

  wrapup(contact: string): WrapupDraft {
    return load<WrapupDraft>("local", WRAPUP + contact, { code: "", note: "" });
  }

  setWrapup(contact: string, draft: WrapupDraft): void {
    save("local", WRAPUP + contact, draft);
  }

  /** Files that are picked but not sent. They do not survive a reload: a page may not keep them. */
  files(contact: string): readonly File[] {
    return this.#files[contact] ?? [];
  }

  setFiles(contact: string, files: readonly File[]): void {
    this.#files = { ...this.#files, [contact]: files };
  }

  clear(contact: string): void {
    save("local", TEXT + contact, undefined);
    save("local", WRAPUP + contact, undefined);
    const { [contact]: _, ...rest } = this.#files;
    this.#files = rest;
  }

  /** Drops what belongs to contacts that are no longer here. */
  prune(contacts: readonly string[]): void {
    for (const prefix of [TEXT, WRAPUP]) {
      for (const key of keysOf(prefix)) {
        const contact = key.slice(prefix.length);
        if (!contacts.includes(contact)) this.clear(contact);
      }
    }
  }
}
