/** The entry of the wallboard. */
import { mount } from "svelte";
import "../tokens.css";
import "../ui/base.css";
import { language } from "../i18n/index.svelte";
import { theme } from "../ui/theme.svelte";
import App from "./App.svelte";

theme.show();
language.show();
const target = document.getElementById("app");
if (target) mount(App, { target });
