// How the widget's entry and its parts find each other, so that a part that could not be fetched can be fetched again.
//
// A browser remembers a module that it could not fetch, by its whole address, for as long as the page lives. So the entry asks
// for a part under an address that is new each time: a fragment tells the time, which neither server nor cache gets to see. And
// a part takes what it shares from the entry that runs, which the loader may have had to ask for under another address, with a
// query, for the same reason.

const QUERY_OF_THE_ENTRY = 'new URL(import.meta.url).search'

/** A plugin for Vite. It also spares us Vite's preloading, which would put link elements into the hospital's page. */
export function refetchableParts() {
  return {
    name: 'kuzushi:refetchable-parts',
    enforce: 'post',
    renderChunk(code, { isEntry, facadeModuleId }) {
      // A catalogue of words is nothing but data.
      if (facadeModuleId?.endsWith('.json')) return null
      return { code: isEntry ? askUnderNewAddresses(code) : takeFromTheRunningEntry(code), map: null }
    },
  }
}

export function askUnderNewAddresses(code) {
  const rewritten = code.replace(
    /__vitePreload\(\(\) => import\(("[^"]+")\), __VITE_PRELOAD__, import\.meta\.url\)/g,
    (_, address) => `import(${address} + ${QUERY_OF_THE_ENTRY} + "#" + Date.now())`,
  )
  if (/__VITE_PRELOAD__|import\("[^"]+"\)/.test(rewritten)) throw new Error('unexpected shape of an import()')
  return rewritten
}

export function takeFromTheRunningEntry(code) {
  const imports = [...code.matchAll(/^import \{([^}]*)\} from ("[^"]+");$/gm)]
  if (imports.length !== 1)
    throw new Error(
      `a part imports from ${imports.length} files instead of the entry: ${imports.map((one) => one[0]).join(' ')}`,
    )
  const [statement, names, entry] = imports[0]
  const shared = names.replace(/(\w+) as /g, '$1: ')
  return code.replace(statement, () => `const {${shared}} = await import(${entry} + ${QUERY_OF_THE_ENTRY});`)
}
