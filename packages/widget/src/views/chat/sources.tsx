import type { WireCitation } from '../../generated/wire'
import { safeHref } from '../../markdown/safe-href'
import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { useController } from '../../widget-context'

/** What an answer rests on. An address may be relative to the server, never to the hospital's page. */
export function Sources({ citations }: { citations: readonly WireCitation[] }) {
  const { wording, settings } = useController()
  return (
    <div className="sources">
      <p className="sources-title">{wording.sources}</p>
      <ul>
        {citations.map(({ articleId, title, section, url, anchor }) => {
          const href = url ? resolve(anchor ? `${url}#${anchor}` : url, settings.apiBaseUrl) : undefined
          const name = (
            <>
              <Icon path={icons.article} size={18} />
              <span className="min-w-0">
                <span className="source-name">{title}</span>
                {section && <span className="source-section">{section}</span>}
              </span>
            </>
          )
          return (
            <li key={`${articleId} ${section}`}>
              {href ? (
                <a className="source" href={href} target="_blank" rel="noopener noreferrer">
                  {name}
                  <span className="sr-only"> ({wording.opensInNewTab})</span>
                </a>
              ) : (
                <span className="source">{name}</span>
              )}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function resolve(url: string, apiBaseUrl: string): string | undefined {
  try {
    return safeHref(new URL(url, `${apiBaseUrl}/`).href)
  } catch {
    return undefined
  }
}
