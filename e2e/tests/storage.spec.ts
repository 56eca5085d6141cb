import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'

const NOT_KEPT = 'Your conversation will not be kept when you leave this page.'

/** A page whose own policy or browser lets nothing be stored. */
const blocked = `<script>
for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError') } })
</script>`

/** A page that has filled what it may store. */
const full = `<script>
let size = 1 << 20
for (let index = 0; size; index += 1)
  try { localStorage.setItem('clinic-' + index, 'x'.repeat(size)) } catch { size >>= 1 }
</script>`

for (const [what, head] of Object.entries({ blocked, full }))
  test(`storage is ${what}: the conversation works for the page view, and what is lost is said once`, async ({
    page,
    widget,
    server,
    site,
    complaints,
  }) => {
    await page.goto(clinic(site, server, 'riverside-plain', { head }))
    await widget.open()
    await expect(widget.panel.getByText(NOT_KEPT)).toBeVisible()
    await widget.ask('How do I prepare for my stay?')
    await widget.panel.getByRole('button', { name: 'OK' }).click()
    await expect(widget.panel.getByText(NOT_KEPT)).toBeHidden()

    await server.restart()
    await widget.connected()
    await expect(await widget.ask('Where are the guest computers?')).toContainText('stand in the lobby')
    await expect(widget.panel.locator('.banner')).toBeHidden()
    expect(complaints.filter((complaint) => complaint.startsWith('exception'))).toEqual([])
  })
