/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** The assistant's address. */
  readonly VITE_ASSISTANT: string
}
