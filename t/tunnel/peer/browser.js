// Licensed to you under the Apache License, Version 2.0; see LICENSE.
// A page in headless Chromium. Usage: browser.js CHROMIUM PROFILE URL; prints the page's title when
// the page says it is done.
'use strict';
const {spawn} = require('child_process');
const WebSocket = require('ws');

const [chromium, profile, url] = process.argv.slice(2);
const child = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0',
  '--ignore-certificate-errors', '--user-data-dir=' + profile, 'about:blank'], {stdio: ['ignore', 'ignore', 'pipe']});
let said = '';

child.stderr.on('data', (data) => {
  said += data;
  const found = said.match(/DevTools listening on ws:\/\/([^/]+)\//);
  if (found) { child.stderr.removeAllListeners('data'); child.stderr.resume(); run(found[1]); }
});

async function run(host) {
  const made = await fetch(`http://${host}/json/new?${url}`, {method: 'PUT'}).then((r) => r.json());
  const devtools = new WebSocket(made.webSocketDebuggerUrl);
  let id = 0;
  const ask = () => devtools.send(JSON.stringify({id: ++id, method: 'Runtime.evaluate',
    params: {expression: 'document.title'}}));

  devtools.on('open', ask);
  devtools.on('message', (text) => {
    const answer = JSON.parse(text);
    const title = answer.result && answer.result.result && answer.result.result.value;
    if (title && /^(closed|wrong)/.test(title)) {
      console.log(title);
      child.on('exit', () => process.exit(0));
      child.kill();
    } else {
      setTimeout(ask, 50);
    }
  });
}
