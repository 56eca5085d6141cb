import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { typed } from './canary'

export interface GivenFile {
  name: string
  mimeType: string
  buffer: Buffer
}

/** A picture, whatever it shows. */
export async function picture(name = `${typed('my knee')}.png`): Promise<GivenFile> {
  const path = fileURLToPath(new URL('../gallery/launcher-360.png', import.meta.url))
  return { name, mimeType: 'image/png', buffer: await readFile(path) }
}

/** A document of one empty page. */
export function paper(name = `${typed('letter')}.pdf`, catalog = ''): GivenFile {
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>',
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const start = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
  for (const offset of offsets) text += `${String(offset).padStart(10, '0')} 00000 n \n`
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return { name, mimeType: 'application/pdf', buffer: Buffer.from(text) }
}

/** What calls itself a picture, and is a script in a browser. */
export const drawing = (): GivenFile => ({
  name: 'drawing.png',
  mimeType: 'image/png',
  buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>window.broken = true</script></svg>'),
})
