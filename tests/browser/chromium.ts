import { execFileSync } from "node:child_process";
import type { PlaywrightTestOptions, PlaywrightWorkerOptions } from "@playwright/test";

/** The system's Chromium: nothing is downloaded, and without it every test fails. */
function executable(): string {
  const named = process.env.CHROMIUM_PATH;
  return named ?? execFileSync("sh", ["-c", "command -v chromium || command -v chromium-browser"]).toString().trim();
}

export const browser: Partial<PlaywrightTestOptions & PlaywrightWorkerOptions> = {
  viewport: { width: 1440, height: 900 },
  launchOptions: {
    executablePath: executable(),
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  },
};
