/** @file A live report on loopback. In: a way to read the report, a port. Out: a server with two routes: the page,
 *  and events that replace its parts. Never answers another host's page, never reads a path from a request. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Report } from "./facts.ts";
import { type Live, openDraw, type Parts, partsOf, reportPage } from "./page.ts";

export interface ReportServer {
  readonly url: string;
  /** Sends the last state to whoever looks, then closes. */
  end(): Promise<void>;
}

export interface ServerOptions {
  /** The report as it is now, once there is one; null where there never will be. */
  readonly read: () => Promise<Report | null>;
  /** 0: any free one. */
  readonly port: number;
  /** Milliseconds between updates; nothing is read or drawn while nobody looks. */
  readonly every?: number;
}

const EVERY = 2000;

/** Rejects with the system's error where the port is taken. */
export async function serveReport({
  read,
  port,
  every = EVERY,
}: ServerOptions): Promise<ReportServer> {
  const draw = openDraw();
  const clients = new Set<ServerResponse>();
  const state: State = { isTraining: true, shown: null, timer: null, turn: Promise.resolve() };
  /** One at a time: what is sent last is what was read last. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = state.turn.then(work);
    state.turn = done.catch(() => undefined);
    return done;
  };

  const update = async (event: "update" | "end"): Promise<void> => {
    if (clients.size === 0) return;
    const report = await read();
    const text = JSON.stringify(report);
    if (report === null || (event === "update" && text === state.shown?.text)) return;
    const parts = await partsOf(report, state, draw);
    const before: Parts = state.shown?.parts ?? new Map();
    state.shown = { text, parts };
    const changed = [...parts].filter(([id, { markup }]) => before.get(id)?.markup !== markup);
    send(clients, event, changed, report);
  };
  const tick = (): void => {
    state.timer = setTimeout(async () => {
      await inTurn(() => update("update"));
      if (clients.size > 0 && state.isTraining) tick();
      else state.timer = null;
    }, every);
  };

  const events = async (response: ServerResponse): Promise<void> => {
    const report = await read();
    if (report === null) return refuse(response, 503, NO_RUN);
    response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    const parts = await partsOf(report, state, draw);
    state.shown ??= { text: JSON.stringify(report), parts };
    send([response], "update", [...parts], report);
    clients.add(response);
    const leave = (): void => void clients.delete(response);
    response.on("close", leave).on("error", leave); // whoever looks may go at any time
    if (state.timer === null && state.isTraining) tick();
  };
  const page = async (response: ServerResponse): Promise<void> => {
    const report = await read();
    if (report === null) return refuse(response, 503, NO_RUN);
    const text = await reportPage(report, state, draw);
    response.writeHead(200, { ...HEADERS, "content-type": "text/html; charset=utf-8" });
    response.end(text);
  };
  const server = createServer((request, response) => {
    const wrong = refusal(request, (server.address() as AddressInfo | null)?.port ?? 0);
    if (wrong !== null) refuse(response, ...wrong);
    else void inTurn(() => (request.url === "/" ? page(response) : events(response)));
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", listening);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    end: async () => {
      if (state.timer !== null) clearTimeout(state.timer);
      state.isTraining = false;
      await inTurn(() => update("end"));
      const closed = new Promise((done) => server.close(done));
      await Promise.all([...clients].map((c) => new Promise<void>((done) => c.end(done))));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface State extends Live {
  isTraining: boolean;
  shown: Shown | null;
  timer: NodeJS.Timeout | null;
  /** Settles when all before it are done. */
  turn: Promise<void>;
}

const NO_RUN = "The run did not start.";

interface Shown {
  readonly text: string;
  readonly parts: Parts;
}

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "frame-ancestors 'none'",
} as const;

/** Two paths, one method, and a host that is this machine: a name that was pointed at it is another's page. */
function refusal(
  { url, method, headers }: IncomingMessage,
  port: number,
): readonly [number, string] | null {
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`)
    return [403, "This server answers on 127.0.0.1 alone."];
  if (url !== "/" && url !== "/events") return [404, "There is / and nothing else."];
  return method === "GET" ? null : [405, "GET alone."];
}

function refuse(response: ServerResponse, code: number, why: string): void {
  response.writeHead(code, { ...HEADERS, "content-type": "text/plain; charset=utf-8" });
  response.end(`${why}\n`);
}

function send(
  to: Iterable<ServerResponse>,
  event: "update" | "end",
  parts: readonly (readonly [string, { readonly markup: string }])[],
  report: Report,
): void {
  const markup = Object.fromEntries(parts.map(([id, part]) => [id, part.markup]));
  const text = JSON.stringify({ parts: markup, data: report });
  for (const response of to) response.write(`event: ${event}\ndata: ${text}\n\n`);
}
