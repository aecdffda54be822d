import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { admin as adminEn } from "./admin.en";
import { admin as adminKo } from "./admin.ko";
import { cti as ctiEn } from "./cti.en";
import { cti as ctiKo } from "./cti.ko";
import * as en from "./en";
import { fill } from "./index.svelte";
import * as ko from "./ko";
import { login as loginEn } from "./login.en";
import { login as loginKo } from "./login.ko";
import { player as playerEn } from "./player.en";
import { player as playerKo } from "./player.ko";
import { reports as reportsEn } from "./reports.en";
import { reports as reportsKo } from "./reports.ko";
import { wall as wallEn } from "./wall.en";
import { wall as wallKo } from "./wall.ko";
import { webchat as webchatEn } from "./webchat.en";
import { webchat as webchatKo } from "./webchat.ko";

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

/** Everything a page is made of, as one text. */
function sources(folder: string): string {
  const root = new URL(`../${folder}/`, import.meta.url);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(svelte|ts)$/.test(file) && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, root), "utf8"))
    .join("\n");
}

const pages = [
  { page: "desk", folder: "desk", ko: ko.desk, en: en.desk },
  { page: "start", folder: "start", ko: ko.start, en: en.start },
  { page: "customer", folder: "try", ko: ko.customer, en: en.customer },
  { page: "bench", folder: "cti", ko: ctiKo, en: ctiEn },
  { page: "log-in", folder: "login", ko: loginKo, en: loginEn },
  { page: "administration", folder: "admin", ko: adminKo, en: adminEn },
  { page: "player", folder: "player", ko: playerKo, en: playerEn },
  { page: "reports", folder: "reports", ko: reportsKo, en: reportsEn },
  { page: "wall", folder: "wall", ko: wallKo, en: wallEn },
  { page: "webchat", folder: "webchat", ko: webchatKo, en: webchatEn },
];

test.each(pages)("$page: both languages have the same keys and values to fill in", ({ ko, en }) => {
  const korean: Record<string, string> = ko;
  const english: Record<string, string> = en;
  expect(Object.keys(english)).toEqual(Object.keys(korean));
  for (const [key, text] of Object.entries(korean)) {
    expect(names(english[key] ?? ""), key).toEqual(names(text));
    expect(text.trim(), key).not.toBe("");
  }
});

test.each(pages)("$page: no key is unused", ({ folder, ko }) => {
  const source = sources(folder);
  // A name made of a template names all that begin like it: `phase.${phase}`.
  const made = [...source.matchAll(/t\(`([\w.]+)\$\{/g)].map((match) => match[1] ?? "");
  // The same for words of values that the server sends: `wordOf("phase", phase)`.
  made.push(...[...source.matchAll(/wordOf\("(\w+)"/g)].map((match) => `${match[1]}.`));
  expect(Object.keys(ko).filter((key) => !source.includes(`"${key}"`) && !made.some((begin) => key.startsWith(begin)))).toEqual([]);
});

test("no name of a person is followed by a particle that may not fit it", () => {
  const texts = [ko.desk, ko.start, ko.customer, ctiKo, reportsKo, webchatKo].flatMap((page) => Object.values(page));
  expect(texts.filter((text) => /\{(name|customer|agent)\}(은|는|이|가|을|를|와|과)(?![가-힣])/.test(text))).toEqual([]);
});

test("values are filled in by name, and an unknown one stays visible", () => {
  expect(fill("{a} · {b}", { a: 1 })).toBe("1 · {b}");
});
