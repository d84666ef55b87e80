import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listen, readBody } from "./http.js";

export const TOKEN = "123456:test-token";
const BOT = { id: 123456, is_bot: true, first_name: "GoSight", username: "gosight_test_bot" };
const ANN = { id: 7, is_bot: false, first_name: "Ann" };

/** What the bot sent, and when it came. */
export interface Sent {
  message_id: number;
  chat_id: number;
  text: string;
  reply_to_message_id?: number;
  reply_parameters?: { message_id: number };
  atMs: number;
}

interface Update {
  update_id: number;
  message: object;
}

/** A local server that speaks Telegram's Bot API (long polling included): Telegram's own cannot be reached from a test. */
export class BotApi {
  readonly sent: Sent[] = [];
  url = "";
  private updates: Update[] = [];
  private lastId = 0;
  private waiting: (() => void)[] = [];
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  static async start(): Promise<BotApi> {
    const bot = new BotApi();
    bot.url = await listen(bot.server);
    return bot;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Ann writes to the bot in her private chat. */
  says(text: string): void {
    this.updates.push({ update_id: this.nextId(), message: message(this.nextId(), ANN.id, text, ANN) });
    for (const wake of this.waiting.splice(0)) wake();
  }

  private nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, bot, method] = (request.url ?? "").split("/");
    const text = await readBody(request);
    const reply = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (bot !== `bot${TOKEN}`) return reply(401, { ok: false, error_code: 401, description: "Unauthorized" });
    const result = await this.result((method ?? "").toLowerCase(), text === "" ? {} : JSON.parse(text));
    if (result === undefined) return reply(404, { ok: false, error_code: 404, description: "Not Found" });
    reply(200, { ok: true, result });
  }

  private async result(method: string, body: Record<string, unknown>): Promise<unknown> {
    if (method === "getme") {
      return {
        ...BOT,
        can_join_groups: true,
        can_read_all_group_messages: false,
        supports_inline_queries: false,
        can_connect_to_business: false,
        has_main_web_app: false,
      };
    }
    if (method === "getupdates") return this.poll(Number(body.offset ?? 0), Number(body.timeout ?? 0));
    if (method === "sendmessage") return this.send(body as unknown as Omit<Sent, "message_id" | "atMs">);
    return undefined;
  }

  /** Everything from `offset` on; waits for news as long as the poll allows. */
  private async poll(offset: number, timeoutS: number): Promise<Update[]> {
    this.updates = this.updates.filter((update) => update.update_id >= offset);
    if (this.updates.length === 0 && timeoutS > 0) {
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, timeoutS * 1000);
        this.waiting.push(() => {
          clearTimeout(timer);
          wake();
        });
      });
    }
    return this.updates;
  }

  private send(body: Omit<Sent, "message_id" | "atMs">): object {
    const id = this.nextId();
    this.sent.push({ ...body, message_id: id, atMs: Date.now() });
    return message(id, body.chat_id, body.text, BOT);
  }
}

function message(id: number, chatId: number, text: string, from: object): object {
  const chat = { id: chatId, type: "private", first_name: "Ann" };
  return { message_id: id, date: Math.floor(Date.now() / 1000), chat, from, text };
}
