// Licensed to you under the Apache License, Version 2.0; see LICENSE.
//
// dashboard.cjs FILE
// Checks a Grafana dashboard against Grafana's own types, and prints what its panels and variables ask Prometheus for:
// one JSON array of PromQL expressions. Exits 1 with the compiler's words when the types do not agree.
'use strict';
const fs = require('fs');
const path = require('path');
const ts = require('typescript');

const text = fs.readFileSync(process.argv[2], 'utf8');
const dashboard = JSON.parse(text);

// An enum of strings takes its words in JSON; the type would want the enum's members.
const source = `
import type { Dashboard } from '@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen';
type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
export const dashboard: Plain<Dashboard> = ${text};
`;
const name = path.join(__dirname, 'dashboard.ts');
const options = { noEmit: true, strict: true, skipLibCheck: true, moduleResolution: ts.ModuleResolutionKind.Node10, types: [] };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
host.getSourceFile = (file, ...rest) =>
    file === name ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest);
host.fileExists = (file) => file === name || fileExists(file);
host.readFile = (file) => (file === name ? source : readFile(file));
// The packages are where NODE_PATH says, which the compiler does not read.
host.resolveModuleNames = (modules) => modules.map((module) =>
    ({ resolvedFileName: path.join(process.env.NODE_PATH, `${module}.d.ts`), isExternalLibraryImport: true }));

const wrong = ts.getPreEmitDiagnostics(ts.createProgram([name], options, host));
if (wrong.length) {
    console.error(ts.formatDiagnostics(wrong, { getCurrentDirectory: () => '', getCanonicalFileName: (f) => f, getNewLine: () => '\n' }));
    process.exit(1);
}
const asked = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr));
for (const variable of dashboard.templating.list.filter((v) => v.type === 'query')) {
    asked.push(variable.query.replace(/^label_values\((.*), \w+\)$/, '$1'));
}
console.log(JSON.stringify(asked));
