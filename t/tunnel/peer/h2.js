// Licensed to you under the Apache License, Version 2.0; see LICENSE.
// A WebSocket over HTTP/2 (RFC 8441): one frame there and back. Usage: h2.js URL
'use strict';
const http2 = require('http2');

const url = new URL(process.argv[2]);
const session = http2.connect(url.origin, {rejectUnauthorized: false});

session.on('remoteSettings', (settings) => {
  if (!settings.enableConnectProtocol) { console.log('no extended CONNECT'); process.exit(0); }
  const stream = session.request({':method': 'CONNECT', ':protocol': 'websocket', ':path': url.pathname,
    'sec-websocket-version': '13', origin: url.origin}, {endStream: false});
  let status, got = Buffer.alloc(0);

  stream.on('response', (headers) => {
    status = headers[':status'];
    const text = Buffer.from('hello over h2');
    stream.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  });
  stream.on('data', (data) => {
    got = Buffer.concat([got, data]);
    if (got.length >= 2 && got.length >= 2 + got[1]) {
      console.log(`${status} ${got.subarray(2, 2 + got[1])}`);
      process.exit(0);
    }
  });
  stream.on('error', (e) => { console.log('error ' + e.message); process.exit(0); });
});
