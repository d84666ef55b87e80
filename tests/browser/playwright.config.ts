import { defineConfig } from "@playwright/test";
import { browser } from "./chromium.js";

/** Journeys in real Chromium through the real binary. Each test file starts a GoSight of its own on a free port and an empty folder. */
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  // Latencies are measured here: one journey at a time on a small machine.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { ...browser, actionTimeout: 15_000, navigationTimeout: 15_000 },
});
