/** The entry of the customer's chat. */
import { mount } from "svelte";
import "../tokens.css";
import "../ui/base.css";
import "../ui/speech.css";
import { language } from "../i18n/index.svelte";
import { keepFocus } from "../ui/focus";
import { theme } from "../ui/theme.svelte";
import { look } from "./look";
import Page from "./Page.svelte";

const given = new URLSearchParams(location.search);
const { dataset, style } = document.documentElement;
const [lang, shade] = [given.get("lang")?.slice(0, 2).toLowerCase(), given.get("theme")];
if (lang === "ko" || lang === "en") language.current = lang;
language.show();
theme.show();
if (shade === "light" || shade === "dark") dataset.theme = shade;
for (const [name, value] of Object.entries(look(given, (text) => console.warn(text)))) style.setProperty(name, value);
const target = document.getElementById("app");
keepFocus();
if (target) mount(Page, { target, props: { given } });
