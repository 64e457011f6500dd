/* faults.mjs: a line that breaks. A proxy between the browser and the program that cuts WebSocket connections at the moments
 * that matter: before the server has read what was sent, after it has acted and before the browser knows, and in the
 * middle of what the browser is being told. Plain requests pass. Random, from a seed that is printed. */
import http from 'node:http';
import net from 'node:net';

export function random(seed) {
  let x = seed >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

const KINDS = ['before', 'after', 'middle'];

/* In front of 127.0.0.1:`port`: {port, cut: {before, after, middle}, on, freeze(), close()}; it cuts while `on`. freeze(): on the
 * WebSockets that are open nothing arrives any more, and neither end is told. */
export async function faulty(port, draw) {
  const proxy = {cut: {before: 0, after: 0, middle: 0}, connections: 0, on: true};
  const open = new Set(), lines = new Set(), frozen = new Set();
  const server = net.createServer((client) => {
    const target = net.connect(port, '127.0.0.1');
    const both = [client, target];
    let ws, heard = 0, doomed = false;
    const fate = KINDS[Math.floor(draw() * 4)]; /* a quarter of them live on */
    const at = 2 + Math.floor(draw() * 4);      /* chunks from the browser: the first is the handshake, the second hello */
    const end = () => both.forEach((s) => s.destroy());
    const cut = () => {
      proxy.cut[fate]++;
      end();
    };
    open.add(client);
    both.forEach((s) => {
      s.setNoDelay(true);
      s.on('error', end);
      s.on('close', () => {
        open.delete(client);
        end();
      });
    });
    client.on('data', (d) => {
      if (frozen.has(client))
        return;
      ws ??= d.toString('latin1').startsWith('GET /v1/ws');
      proxy.connections += ws && !heard;
      if (ws)
        lines.add(client);
      doomed ||= ws && proxy.on && !!fate && ++heard >= at;
      if (doomed && fate === 'before' && proxy.on)
        cut();
      else
        target.write(d);
    });
    target.on('data', (d) => {
      if (frozen.has(client))
        return;
      if (!doomed || !proxy.on) {
        client.write(d);
      } else if (fate === 'after') {
        cut();
      } else { /* half of it arrives */
        client.write(d.subarray(0, Math.ceil(d.length / 2)), cut);
      }
    });
  }).listen(0, '127.0.0.1');
  await new Promise((go) => server.once('listening', go));
  proxy.port = server.address().port;
  proxy.url = `http://127.0.0.1:${proxy.port}`;
  proxy.freeze = () => lines.forEach((s) => frozen.add(s));
  proxy.close = () => {
    open.forEach((s) => s.destroy());
    server.close();
  };
  return proxy;
}

/* A proxy as schools have them: it knows HTTP and nothing else, and takes delay() milliseconds for each reply. */
export async function noWebSocket(port, delay = () => 0) {
  const server = http.createServer((rq, rs) => {
    const onward = http.request({host: '127.0.0.1', port, path: rq.url, method: rq.method, headers: rq.headers}, (r) => {
      setTimeout(() => {
        rs.writeHead(r.statusCode, r.headers);
        r.pipe(rs);
      }, delay());
    });
    onward.on('error', () => rs.destroy());
    rs.on('close', () => onward.destroy());
    rq.pipe(onward);
  });
  server.on('upgrade', (rq, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await new Promise((go) => server.once('listening', go));
  return {url: `http://127.0.0.1:${server.address().port}`, close: () => {
    server.close();
    server.closeAllConnections();
  }};
}
