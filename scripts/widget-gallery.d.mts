export function serveGallery(options?: {
  port?: number
  logLevel?: 'silent' | 'warn' | 'info'
}): Promise<{ url: string; close: () => Promise<void> }>
