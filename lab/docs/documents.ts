import { apiDocuments } from './api-documents.js';
import { consistencyPage, errorsPage, metricsPage, signalsPage } from './reference-pages.js';
import { settingsPage } from './settings-page.js';

/** Every generated file of docs/: path from the package root → text. */
export function documents(): Map<string, string> {
  return new Map([
    ...[...apiDocuments()].map(([file, text]) => [`docs/api/${file}`, text] as const),
    ['docs/settings.md', settingsPage()],
    ['docs/errors.md', errorsPage()],
    ['docs/metrics.md', metricsPage()],
    ['docs/signals.md', signalsPage()],
    ['docs/consistency.md', consistencyPage()],
  ]);
}
