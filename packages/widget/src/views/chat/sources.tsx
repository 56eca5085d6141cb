import type { WireCitation } from '../../generated/wire'
import { safeHref } from '../../markdown/safe-href'
import { Icon } from '../../ui/icon'
import * as icons from '../../ui/icons'
import { useController, useStore } from '../../widget-context'
import { otherViews } from '../other-views'

/** What an answer rests on. An address may be relative to the server, never to the hospital's page. */
export function Sources({ messageId, citations }: { messageId: string; citations: readonly WireCitation[] }) {
  const { wording, settings } = useController()
  const { part } = useStore(otherViews.state, (now) => now)
  return (
    <div className="sources">
      <p className="sources-title">{wording.sources}</p>
      <ul>
        {citations.map((citation, index) => {
          const { articleId, title, section, url, anchor } = citation
          const href = url ? resolve(anchor ? `${url}#${anchor}` : url, settings.apiBaseUrl) : undefined
          const name = (
            <>
              <Icon path={icons.article} size={18} />
              <span className="min-w-0">
                <span className="source-name">
                  <bdi>{title}</bdi>
                </span>
                {section && (
                  <span className="source-section">
                    <bdi>{section}</bdi>
                  </span>
                )}
              </span>
            </>
          )
          return (
            <li key={`${articleId} ${section}`} className="source-item">
              {href ? (
                <a className="source" href={href} target="_blank" rel="noopener noreferrer">
                  {name}
                  <span className="sr-only"> ({wording.opensInNewTab})</span>
                </a>
              ) : (
                <span className="source">{name}</span>
              )}
              {part && <part.Passage id={`${messageId}-${index}`} citation={citation} />}
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
