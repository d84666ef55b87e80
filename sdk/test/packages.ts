/** What the packages of pages/ ship, served as a site would. First `npm ci --prefix pages`. */
import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

const PACKAGES = new URL('../pages/node_modules', import.meta.url).pathname;
const MIME: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** Serves files of packages and pages of ours, by path; one that begins with `@` is a package's file. In each page is the script tag, if there is one. */
export function serve(pages: Record<string, string>, scriptTag = ''): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url as string, 'http://localhost').pathname);
    const given = pages[path] ?? `@${path.slice(1)}`;
    const file = given[0] === '@' && `${PACKAGES}/${given.slice(1)}`;
    if (file && !statSync(file, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    const body = file ? readFileSync(file) : given;
    const type = MIME[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(type.includes('html') ? body.toString().replace('<head>', `<head>${scriptTag}`) : body);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

export const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
