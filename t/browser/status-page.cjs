/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
/*
 * Drives the status page in a real Chromium, for t/41-status-page.t:
 *     node status-page.cjs BASE-URL STATUS-PATH ALIVE-PATH DOWN-PATH SCREENSHOT-DIRECTORY
 * Prints a line of JSON for each thing seen: {"name": ..., "ok": ..., "note": ...}. After the line
 * named "down" the caller starts the application that is down.
 */
'use strict';
const {chromium} = require('playwright-core');
const axe = require('axe-core');

const [base, statusPath, alive, down, shots] = process.argv.slice(2);
const problems = [];
const PATIENCE = 300000; /* milliseconds, on a machine that does much else */

function tell(name, ok, note) {
    console.log(JSON.stringify({name, ok: Boolean(ok), note: note === undefined ? '' : String(note)}));
}

async function newPage(browser, options) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], {origin: base});
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('dialog', (dialog) => { problems.push('dialog: ' + dialog.message()); dialog.dismiss(); });
    return page;
}

/* The page's policy forbids scripts; the debugger may run one. */
async function accessibility(page, name) {
    await page.evaluate(axe.source);
    const result = await page.evaluate(() => axe.run({resultTypes: ['violations']}));
    tell(name + ': accessible', result.violations.length === 0 && result.passes.length > 10,
        result.violations.map((v) => v.id + ' ' + v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')).join('\n'));
}

function requests(page) {
    return page.locator('#numbers-0 dd').first().textContent().then(Number);
}

async function desktop(browser) {
    const page = await newPage(browser, {viewport: {width: 1280, height: 900}, colorScheme: 'light'});
    await page.goto(base + statusPath);
    tell('title', (await page.title()).startsWith('Atlassian applications'), await page.title());
    tell('hostile text is text', await page.locator('img, b:has-text("hostile")').count() === 0 &&
        (await page.content()).includes('&lt;img'));
    await page.screenshot({path: shots + '/desktop.png', fullPage: true, caret: 'initial'});
    await accessibility(page, 'desktop, light');

    await page.keyboard.press('Tab');
    tell('the first stop of the keyboard is the check', await page.evaluate(() => document.activeElement.textContent) === 'Check now');
    await page.keyboard.press('Enter');
    await page.locator('#said', {hasText: /^Checked: \d+ wrong\.$/}).waitFor();
    tell('check by keyboard', await page.locator('#check-0 li').count() >= 2, await page.locator('#said').textContent());
    tell('the button keeps the focus', await page.evaluate(() => document.activeElement.textContent) === 'Check now');
    await page.screenshot({path: shots + '/checked.png', fullPage: true, caret: 'initial'});
    await accessibility(page, 'checked');

    await page.locator('.copy').first().click();
    await page.locator('#said', {hasText: 'Copied.'}).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    tell('a cure is copied as it stands', copied === await page.locator('pre').first().textContent() && copied.includes('Connector'), copied);

    /* New numbers, and nothing else moves. */
    await page.locator('summary').first().click();
    await page.evaluate(() => scrollTo(0, 300));
    const before = await requests(page);
    const place = await page.evaluate(() => scrollY);
    await page.request.get(base + alive);
    await page.waitForFunction((n) => Number(document.querySelector('#numbers-0 dd').textContent) > n, before);
    tell('new numbers', true);
    tell('the place is kept', place > 0 && await page.evaluate(() => scrollY) === place, place);
    tell('what was open is open', await page.locator('details').first().evaluate((d) => d.open));
    tell('the check stays', await page.locator('#check-0 li').count() >= 2);

    await page.locator('#pause').click();
    tell('paused', await page.locator('#pause').getAttribute('aria-pressed') === 'true');
    const paused = await requests(page);
    await page.request.get(base + alive);
    /* Longer than a turn of the page's clock: nothing may come. */
    await page.waitForTimeout(6000);
    tell('no new numbers while paused', await requests(page) === paused, paused);
    await page.locator('#pause').click();
    await page.waitForFunction((n) => Number(document.querySelector('#numbers-0 dd').textContent) > n, paused);
    tell('goes on after the pause', true);

    await page.emulateMedia({colorScheme: 'dark'});
    await page.screenshot({path: shots + '/dark.png', fullPage: true, caret: 'initial'});
    await accessibility(page, 'desktop, dark');
    await page.context().close();
}

async function phone(browser) {
    const page = await newPage(browser, {viewport: {width: 375, height: 800}, isMobile: true, hasTouch: true, colorScheme: 'light'});
    await page.goto(base + statusPath);
    await page.locator('summary').first().click();
    const width = await page.evaluate(() => document.scrollingElement.scrollWidth);
    tell('nothing sticks out on a phone', width <= 375, width);
    await page.screenshot({path: shots + '/phone.png', fullPage: true, caret: 'initial'});
    await accessibility(page, 'phone');
    await page.context().close();
}

async function withoutScript(browser) {
    const page = await newPage(browser, {viewport: {width: 800, height: 600}, javaScriptEnabled: false});
    await page.goto(base + statusPath);
    await page.locator('#check button').click();
    await page.locator('#check-0 li').first().waitFor();
    tell('the check works without script', page.url().endsWith('?check'), page.url());
    await page.context().close();
}

async function unavailable(browser) {
    const page = await newPage(browser, {viewport: {width: 1280, height: 900}});
    const answer = await page.goto(base + down);
    tell('503 while down', answer.status() === 503 && /is not running/.test(await page.title()), await page.title());
    await page.screenshot({path: shots + '/unavailable.png', caret: 'initial'});
    await accessibility(page, 'unavailable');
    await page.emulateMedia({colorScheme: 'dark'});
    await page.screenshot({path: shots + '/unavailable-dark.png', caret: 'initial'});
    await accessibility(page, 'unavailable, dark');
    tell('down', true);
    await page.getByText('"requestURI"').waitFor();
    const shown = JSON.parse(await page.locator('body').textContent());
    tell('and then the page that was asked for, by itself', shown.requestURI + '?' + shown.queryString === down, page.url());
    /* The browser reports each 503, and that the stand-in has no icon. */
    problems.splice(0, problems.length, ...problems.filter((p) => !/status of (503|404)/.test(p)));
    await page.context().close();
}

(async () => {
    const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        timeout: PATIENCE, args: ['--no-sandbox', '--disable-gpu']});
    try {
        await desktop(browser);
        await phone(browser);
        await withoutScript(browser);
        await unavailable(browser);
        tell('no error in the console, no policy violated', problems.length === 0, problems.join('\n'));
    } finally {
        await browser.close();
    }
})().catch((error) => {
    tell('the browser', false, error.stack);
    process.exitCode = 1;
});
