// Licensed to you under the Apache License, Version 2.0; see LICENSE.
// Echo server on npm's ws: permessage-deflate, fragmentation and close codes are its own.
'use strict';
const http = require('http');
const {WebSocketServer} = require('ws');

const page = `<!doctype html><title>waiting</title><script>
const ws = new WebSocket(location.href.replace(/^http/, 'ws'));
let n = 0;
ws.onopen = () => ws.send('message 0');
ws.onmessage = e => {
  if (e.data !== 'message ' + n) document.title = 'wrong: ' + e.data;
  if (++n < 100) ws.send('message ' + n); else ws.close(1000, 'done');
};
ws.onclose = e => { document.title = 'closed ' + e.code + ' ' + e.wasClean + ' n=' + n; };
</script>`;
const server = http.createServer((req, res) => {
  res.setHeader('Content-Type', 'text/html');
  res.end(page);
});
const wss = new WebSocketServer({server, perMessageDeflate: {threshold: 0}, maxPayload: 64 << 20});

wss.on('connection', (ws) => {
  ws.on('message', (data, isBinary) => {
    if (!isBinary && data.toString() === 'close 4000') return ws.close(4000, 'as you like');
    if (!isBinary && data.toString() === 'terminate') return ws.terminate();
    ws.send(data, {binary: isBinary});
  });
  ws.on('error', () => {});
});
server.listen(Number(process.argv[2]), '127.0.0.1');
