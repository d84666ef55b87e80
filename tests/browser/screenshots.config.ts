import { defineConfig } from "@playwright/test";
import { browser } from "./chromium.js";

/** Retakes the pictures in docs/ from a demo with visitors in it. */
export default defineConfig({
  testDir: ".",
  testMatch: "screenshots.ts",
  workers: 1,
  timeout: 300_000,
  reporter: [["list"]],
  use: browser,
});
