/** `cargo xtask screens`: pictures of every screen of the real server, into docs/screens/. */
import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

export default defineConfig({ ...tests, testDir: "screens", timeout: 120_000, use: { ...tests.use, trace: "off" } });
