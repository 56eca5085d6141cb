/// <reference types="vite/types/importMeta.d.ts" />

declare module '*.css?inline' {
  const css: string
  export default css
}
