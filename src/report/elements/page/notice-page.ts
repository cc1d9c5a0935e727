import { html } from '../html.ts';
import { page } from './page.ts';

/** A page of one sentence, for errors and refusals. */
export const renderNoticePage = (title: string, sentence: string): string =>
  page({
    title,
    body: html`<header><div class="over"><h1>${title}</h1><span class="links"><a href="/">all runs</a></span></div></header><main><p>${sentence}</p></main>`,
    footer: html`PredictLab`,
  });
