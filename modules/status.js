/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
(() => {
    'use strict';
    const every = 5000;
    const pause = document.getElementById('pause');
    const said = document.getElementById('said');
    const when = document.getElementById('when');
    let paused = false;

    async function page(url, options) {
        const answer = await fetch(url, {cache: 'no-store', ...options, headers: {Accept: 'text/html'}});
        if (!answer.ok) {
            throw new Error('status ' + answer.status);
        }
        const text = await answer.text();
        /* Without its head: a style with another nonce would be reported as a violation. */
        return new DOMParser().parseFromString(text.slice(text.indexOf('<body')), 'text/html');
    }

    /* What somebody is reading aloud, selecting or about to press stays as it is. */
    function isInUse(node) {
        const selection = getSelection();
        return node.contains(document.activeElement) ||
            (!selection.isCollapsed && selection.containsNode(node, true));
    }

    function update(fresh, what, forced) {
        for (const node of document.querySelectorAll(what)) {
            const next = fresh.getElementById(node.id);
            if (next && next.innerHTML !== node.innerHTML && (forced || !isInUse(node))) {
                node.className = next.className;
                node.replaceChildren(...next.childNodes);
            }
        }
    }

    async function refresh() {
        if (!paused && !document.hidden) {
            try {
                const fresh = await page(location.pathname);
                if (fresh.body.dataset.lines === document.body.dataset.lines) {
                    update(fresh, '[data-live]');
                } else if (!location.search) {
                    location.reload(); /* other lines: after a change of the configuration */
                }
            } catch (error) {
                when.textContent = 'No answer from this server; the numbers below are old.';
            }
        }
        setTimeout(refresh, every);
    }

    async function check(event) {
        const button = event.target.querySelector('button');
        event.preventDefault();
        if (button.getAttribute('aria-busy') === 'true') {
            return;
        }
        button.setAttribute('aria-busy', 'true');
        said.textContent = 'Checking…';
        try {
            const fresh = await page('?check', {method: 'POST'});
            update(fresh, '[data-check]', true);
            update(fresh, '[data-live]');
            said.textContent = 'Checked: ' + document.querySelectorAll('.check .wrong').length + ' wrong.';
        } catch (error) {
            said.textContent = 'The check failed: ' + error.message;
        }
        button.removeAttribute('aria-busy');
    }

    async function copy(button) {
        const pre = button.parentNode.querySelector('pre');
        try {
            await navigator.clipboard.writeText(pre.textContent);
            said.textContent = 'Copied.';
        } catch (error) {
            /* No clipboard without https: selected, one key does it. */
            getSelection().selectAllChildren(pre);
            said.textContent = 'Selected: press Ctrl+C to copy.';
        }
    }

    document.addEventListener('click', (event) => {
        const button = event.target.closest('button.copy');
        if (button) {
            copy(button);
        }
    });
    document.getElementById('check').addEventListener('submit', check);
    pause.hidden = false;
    pause.addEventListener('click', () => {
        paused = !paused;
        pause.setAttribute('aria-pressed', String(paused));
    });
    setTimeout(refresh, every);
})();
