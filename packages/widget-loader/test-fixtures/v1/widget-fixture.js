// Stands in for the widget's bundle: writes down what the loader asks of it.
export function mount(host) {
  const log = globalThis.widgetLog
  log.push(['mount', host.settings])
  host.emit('message', (options) => (options?.includeContent ? { content: 'words' } : {}))
  return (method, args) => log.push([method, ...args])
}
