import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as base, type ConsoleMessage, expect, type Page } from "@playwright/test";

const BINARY = resolve(import.meta.dirname, "../../target/release/gosight");
/** A cold start on a busy machine: engine, migrations, bootstrap. */
const START_MS = 60_000;

export const OWNER = { email: "owner@example.com", password: "correct horse battery" };
export const PROJECT = "fern-and-kiln";
export const KEY = "browser-tests-0123456789";

const BOOTSTRAP = {
  GOSIGHT_ADMIN_EMAIL: OWNER.email,
  GOSIGHT_ADMIN_PASSWORD: OWNER.password,
  GOSIGHT_PROJECT: PROJECT,
  GOSIGHT_PROJECT_KEY: KEY,
} as const;

/** For `start`: an installation that nobody owns yet. */
export const UNOWNED: Record<keyof typeof BOOTSTRAP, undefined> = {
  GOSIGHT_ADMIN_EMAIL: undefined,
  GOSIGHT_ADMIN_PASSWORD: undefined,
  GOSIGHT_PROJECT: undefined,
  GOSIGHT_PROJECT_KEY: undefined,
};

/** A GoSight of one's own: the real binary, a free port, an empty folder. */
export class GoSight {
  private process: ChildProcess;

  private constructor(
    private readonly run: () => ChildProcess,
    private readonly folder: string,
    readonly url: string,
    private readonly output: string[],
  ) {
    this.process = run();
  }

  static async start(subcommand: "up" | "demo", options: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<GoSight> {
    const folder = await mkdtemp(join(tmpdir(), "gosight-browser-"));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const output: string[] = [];
    const run = () => {
      const child = spawn(
        BINARY,
        [subcommand, "--data-dir", join(folder, "data"), "--listen", `127.0.0.1:${port}`, ...options],
        { env: { ...process.env, ...BOOTSTRAP, ...env }, stdio: ["ignore", "pipe", "pipe"] },
      );
      child.stdout.on("data", (data: Buffer) => output.push(data.toString()));
      child.stderr.on("data", (data: Buffer) => output.push(data.toString()));
      return child;
    };
    const gosight = new GoSight(run, folder, url, output);
    await gosight.ready();
    return gosight;
  }

  private async ready(): Promise<void> {
    const end = Date.now() + START_MS;
    while (Date.now() < end) {
      if (this.process.exitCode !== null) break;
      const answer = await fetch(`${this.url}/ready`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    await this.stop();
    throw new Error(`gosight did not become ready:\n${this.log()}`);
  }

  log(): string {
    return this.output.join("");
  }

  /** Stops the process and keeps its folder; `up` starts it again. */
  async down(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, "exit");
      this.thaw();
      this.process.kill("SIGTERM");
      const killer = setTimeout(() => this.process.kill("SIGKILL"), 20_000);
      await exited;
      clearTimeout(killer);
    }
  }

  /** Takes the process out of the world without telling anybody: its connections stay open and silent. */
  freeze(): void {
    this.process.kill("SIGSTOP");
  }

  thaw(): void {
    this.process.kill("SIGCONT");
  }

  /** The same address, the same folder. */
  async up(): Promise<void> {
    this.process = this.run();
    await this.ready();
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** An access token of the owner. */
  async token(): Promise<string> {
    const answer = await this.call<{ access_token: string }>("POST", "/auth/login", undefined, OWNER);
    return answer.access_token;
  }

  async call<T>(method: string, path: string, token?: string, body?: unknown): Promise<T> {
    return (JSON.parse(await this.text(method, path, token, body)) as { data: T }).data;
  }

  async text(method: string, path: string, token?: string, body?: unknown): Promise<string> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text;
  }
}

/** A port below the range that outgoing connections get theirs from, so that nobody takes it before GoSight does, or while it is down. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((answer) => {
      server.once("error", () => answer(false));
      server.listen(port, "127.0.0.1", () => server.close(() => answer(true)));
    });
    if (isFree) return port;
  }
}

/** Errors a page may log because the test asks for them: the shop's button that throws. */
const EXPECTED = [/brokenOnPurpose|reading .discount.|undefined.*discount/];

/** Fails the test on any console error, page error or failed response of the page. */
export function watch(page: Page, problems: string[]): void {
  const note = (text: string) => {
    if (!EXPECTED.some((expected) => expected.test(text))) problems.push(text);
  };
  page.on("console", (message: ConsoleMessage) => {
    if (message.type() === "error") note(`${page.url()} console: ${message.text()}`);
  });
  page.on("pageerror", (error) => note(`${page.url()} page error: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) note(`${page.url()} got ${response.status()} from ${response.url()}`);
  });
}

export interface Account {
  email: string;
  password: string;
}

/** Somebody with this role in the project, and a token of theirs. */
export async function invite(gosight: GoSight, role: string): Promise<Account & { token: string }> {
  const account = { email: `${role}@example.com`, password: OWNER.password };
  const invitations = `/projects/${PROJECT}/invitations`;
  const owner = await gosight.token();
  const invitation = await gosight.call<{ token: string }>("POST", invitations, owner, { email: account.email, role });
  const body = { ...account, invitation_token: invitation.token };
  const { access_token } = await gosight.call<{ access_token: string }>("POST", "/auth/register", undefined, body);
  return { ...account, token: access_token };
}

export async function signIn(page: Page, gosight: GoSight, account: Account = OWNER): Promise<void> {
  await page.goto(`${gosight.url}/login`);
  await page.getByLabel(/e-?mail/i).fill(account.email);
  await page
    .getByLabel(/password/i)
    .first()
    .fill(account.password);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

export const test = base.extend<{ problems: string[] }>({
  problems: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's dependencies from the pattern
    async ({}, use) => {
      const problems: string[] = [];
      await use(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
