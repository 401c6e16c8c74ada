// Licensed to you under the Apache License, Version 2.0; see LICENSE.
// npm's ws as client. Usage: client.js URL WHAT; prints one line.
'use strict';
const crypto = require('crypto');
const WebSocket = require('ws');

const [url, what] = process.argv.slice(2);
const options = {rejectUnauthorized: false, maxPayload: 64 << 20,
  perMessageDeflate: what === 'plain' ? false : {threshold: 0}};
const ws = new WebSocket(url, options);
const done = (text) => { console.log(text); process.exit(0); };

ws.on('error', (e) => done('error ' + e.message));
ws.on('close', (code, reason) => done(`close ${code} ${reason}`));

const deeds = {
  // 16 MiB of noise: with permessage-deflate, which cannot shrink it, and without.
  noise() {
    const noise = crypto.randomBytes(16 << 20);
    ws.on('message', (data) => done(Buffer.compare(data, noise) ? 'differs' : 'same ' + ws.extensions));
    ws.send(noise);
  },
  plain() { deeds.noise(); },
  // A message in many fragments, with pings between them.
  fragments() {
    let pongs = 0;
    const parts = [];
    ws.on('pong', () => pongs++);
    ws.on('message', (data) => done(
      `${Buffer.compare(data, Buffer.concat(parts)) ? 'differs' : 'same'} pongs ${pongs}`));
    for (let i = 0; i < 50; i++) {
      const part = crypto.randomBytes(1000 * i + 1);
      parts.push(part);
      ws.ping('ping ' + i);
      ws.send(part, {fin: i === 49});
    }
  },
  text() {
    let n = 0;
    const text = () => 'Grüße aus dem Tunnel '.repeat(n);
    ws.on('message', (data, isBinary) => {
      if (isBinary || data.toString() !== text()) return done('differs at ' + n);
      if (++n > 200) return done('200 texts');
      ws.send(text());
    });
    ws.send(text());
  },
  close() { ws.close(3333, 'my reason'); },
  closed() { ws.send('close 4000'); },
  terminated() { ws.send('terminate'); },
};
ws.on('open', () => deeds[what]());
