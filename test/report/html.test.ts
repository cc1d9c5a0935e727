import { describe, expect, it } from 'vitest';
import { html, jsonIsland, raw, webLink } from '../../src/report/elements/html.ts';
import { page } from '../../src/report/elements/page/page.ts';

const HOSTILE = `<script>alert(1)</script>"'&<!--`;

describe('a template', () => {
  it('escapes everything that is not markup itself, in text and in attributes', () => {
    const text = html`<p title="${HOSTILE}">${HOSTILE}</p>`.text;
    expect(text).toBe(
      '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;!--">&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;!--</p>',
    );
  });

  it('joins lists and leaves nothing for null, undefined and false', () => {
    expect(html`${[1, 'b', html`<i>c</i>`]}${null}${undefined}${false}${0}`.text).toBe('1b<i>c</i>0');
  });

  it('shows control characters of data as replacement characters', () => {
    expect(html`${'a\u0000b\u001bc\nd'}`.text).toBe('a\ufffdb\ufffdc\nd');
  });

  it('does not escape markup of our own', () => {
    expect(html`${raw('<b>&amp;</b>')}`.text).toBe('<b>&amp;</b>');
  });
});

describe('data for scripts', () => {
  it('cannot end its element and parses back to the same', () => {
    const text = jsonIsland('d', { title: HOSTILE }).text;
    expect(text.match(/<\/script>/g)).toHaveLength(1);
    expect(JSON.parse(text.slice(text.indexOf('>') + 1, text.lastIndexOf('<')))).toEqual({ title: HOSTILE });
  });
});

describe('a link', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', '/etc/passwd', ' https://x', ''])('is not made of %s', (address) => {
    expect(webLink(address, 'market').text).toBe('market');
  });

  it('is made of a web page’s address', () => {
    expect(webLink('https://polymarket.com/a"b', 'market').text).toBe(
      '<a href="https://polymarket.com/a&quot;b" rel="noreferrer noopener">market</a>',
    );
  });
});

describe('a page', () => {
  it('lets only its own scripts run and loads nothing', () => {
    const text = page({ title: 't', body: 'b', footer: 'f', scripts: ['1+1', '2+2'] });
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1] ?? '';
    expect(policy).toMatch(/^default-src &#39;none&#39;|^default-src 'none'/);
    expect(policy.match(/sha256-/g)).toHaveLength(2);
  });

  it('refuses a script that would end its own element', () => {
    expect(() => page({ title: 't', body: 'b', footer: 'f', scripts: ['"</script>"'] })).toThrow('must not contain');
  });
});
