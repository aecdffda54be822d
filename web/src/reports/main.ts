/** The entry of the reports. */
import { mount } from "svelte";
import "../tokens.css";
import "../ui/base.css";
import { language } from "../i18n/index.svelte";
import { keepFocus } from "../ui/focus";
import { theme } from "../ui/theme.svelte";
import App from "./App.svelte";

theme.show();
language.show();
const target = document.getElementById("app");
keepFocus();
if (target) mount(App, { target });
