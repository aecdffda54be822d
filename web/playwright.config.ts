/** End-to-end tests against a running server: `SANGDAM_HTTP=http://127.0.0.1:8080 npm run e2e`. */
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/centre.ts",
  workers: 1,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  fullyParallel: false,
  reporter: [["list"]],
  // One centre for all: whoever counts an agent's chats comes before the tests whose customers stay away with a chat left open.
  projects: [
    { name: "counting", testMatch: "supervisor.spec.ts" },
    { name: "all others", testIgnore: "supervisor.spec.ts" },
  ],
  use: {
    baseURL: process.env.SANGDAM_HTTP ?? "http://127.0.0.1:8080",
    locale: "ko-KR",
    timezoneId: "Asia/Seoul",
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
      ],
    },
  },
});
