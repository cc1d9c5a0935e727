import { describe, expect, it } from 'vitest';
import { html, jsonIsland, raw, webLink } from '../../src/report/elements/html.ts';
import { page } from '../../src/report/elements/page/page.ts';

const HOSTILE = `<script>alert(1)</script>"'&<!--`;

describe('an HTML template', () => {
  it('escapes all data, in text and in attributes', () => {
    const text = html`<p title="${HOSTILE}">${HOSTILE}</p>`.text;
    expect(text).toBe(
      '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;!--">&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;!--</p>',
    );
  });

  it('joins lists, and writes nothing for null, undefined and false', () => {
    expect(html`${[1, 'b', html`<i>c</i>`]}${null}${undefined}${false}${0}`.text).toBe('1b<i>c</i>0');
  });

  it('shows control characters in data as replacement characters', () => {
    expect(html`${'a\u0000b\u001bc\nd'}`.text).toBe('a\ufffdb\ufffdc\nd');
  });

  it('does not escape markup that comes from another template', () => {
    expect(html`${raw('<b>&amp;</b>')}`.text).toBe('<b>&amp;</b>');
  });
});

describe('data for the scripts of a page', () => {
  it('cannot end its script element, and parses back to the same value', () => {
    const text = jsonIsland('d', { title: HOSTILE }).text;
    expect(text.match(/<\/script>/g)).toHaveLength(1);
    expect(JSON.parse(text.slice(text.indexOf('>') + 1, text.lastIndexOf('<')))).toEqual({ title: HOSTILE });
  });
});

describe('a link to the address of a market', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', '/etc/passwd', ' https://x', ''])('is not made for the address %s', (address) => {
    expect(webLink(address, 'market').text).toBe('market');
  });

  it('is made for a web address only', () => {
    expect(webLink('https://polymarket.com/a"b', 'market').text).toBe(
      '<a href="https://polymarket.com/a&quot;b" rel="noreferrer noopener">market</a>',
    );
  });
});

describe('the HTML of a page', () => {
  it('allows only its own scripts, and loads nothing else', () => {
    const text = page({ title: 't', body: 'b', footer: 'f', scripts: ['1+1', '2+2'] });
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1] ?? '';
    expect(policy).toMatch(/^default-src &#39;none&#39;|^default-src 'none'/);
    expect(policy.match(/sha256-/g)).toHaveLength(2);
  });

  it('is refused when a script would end its own element', () => {
    expect(() => page({ title: 't', body: 'b', footer: 'f', scripts: ['"</script>"'] })).toThrow('must not contain');
  });
});
