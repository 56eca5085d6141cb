import type { HostPage, HostSite } from './host-site'
import type { KuzushiServer } from './kuzushi-server'

/** The two tags that a web team pastes. */
export function embedCode(
  apiBaseUrl: string,
  projectId: string,
  config: Record<string, unknown> = {},
): string {
  return `<script>window.KuzushiConfig = ${JSON.stringify({ projectId, apiBaseUrl, ...config })}</script>
${snippetTag(apiBaseUrl)}`
}

export function snippetTag(apiBaseUrl: string, attributes = ''): string {
  return `<script src="${apiBaseUrl}/widget/v1/snippet.js" ${attributes} async></script>`
}

/** An ordinary page of a hospital, with things of its own that can be focused, styled and counted. */
export function ordinaryPage({ head = '', body = '' }: { head?: string; body?: string }): HostPage {
  return {
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Riverside Clinic</title>
${head}
</head>
<body class="home">
<header><h1>Riverside Clinic</h1><nav aria-label="Main"><a href="#hours">Hours</a> <a href="#doctors">Doctors</a></nav></header>
<main>
<h2 id="hours">Hours</h2><p>We are open from 8 am to 5 pm.</p>
<h2 id="doctors">Doctors</h2>
<form><label>Search <input type="search" name="q"></label> <button type="button">Find</button></form>
</main>
<footer><p>Riverside Clinic, 12 Mill Lane</p></footer>
${body}
</body>
</html>`,
  }
}

/** Puts such a page on the site, with a project's widget on it, and says where it is. */
export function clinic(
  site: HostSite,
  { url }: KuzushiServer,
  projectId: string,
  {
    config,
    head = '',
    headers = {},
  }: { config?: Record<string, unknown>; head?: string } & Pick<HostPage, 'headers'> = {},
): string {
  return site.add('/clinic', { ...ordinaryPage({ head, body: embedCode(url, projectId, config) }), headers })
}
