/**
 * Two languages, one typed object each; Korean is the source. A missing key does not compile, and a test finds keys
 * that nothing uses. Texts with `{name}` take values; the compiler knows their names.
 */
export type Lang = "ko" | "en";

const STORED = "sangdam.lang";

function initial(): Lang {
  try {
    const stored = localStorage.getItem(STORED);
    if (stored === "ko" || stored === "en") return stored;
  } catch {
    // Storage may be shut off; the browser's language will do.
  }
  const wanted = globalThis.navigator?.languages ?? [];
  const known = wanted.find((tag) => /^(ko|en)\b/i.test(tag));
  return known?.toLowerCase().startsWith("en") ? "en" : "ko";
}

class Language {
  current = $state<Lang>(initial());

  /** Writes the language on the page, for readers and hyphenation. */
  show(): void {
    document.documentElement.lang = this.current;
  }

  toggle(): void {
    this.current = this.current === "ko" ? "en" : "ko";
    try {
      localStorage.setItem(STORED, this.current);
    } catch {
      // It will be forgotten on reload, nothing worse.
    }
    this.show();
  }
}

export const language = new Language();

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Values<S extends string> = [Names<S>] extends [never] ? [] : [values: Record<Names<S>, string | number>];
export type Translation<D> = { readonly [K in keyof D]: string };

/** A function from key (and values) to text in the current language. */
export function translator<D extends Readonly<Record<string, string>>>(ko: D, en: Translation<D>) {
  return <K extends keyof D & string>(key: K, ...values: Values<D[K]>): string => {
    const text: string = (language.current === "ko" ? ko : en)[key];
    return fill(text, values[0] as Record<string, string | number> | undefined);
  };
}

export function fill(text: string, values: Readonly<Record<string, string | number>> | undefined): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
