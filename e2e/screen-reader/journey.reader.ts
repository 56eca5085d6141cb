import { clinic } from '../environment/host-pages'
import { expect, test } from '../environment/test'
import { Orca } from './orca'

test('the whole journey by ear', async ({ page, server, site, widget }) => {
  const orca = new Orca()
  const press = (key: string) => () => page.keyboard.press(key)

  await test.step('the page, and a button on it that opens a chat', async () => {
    await orca.hears(() => page.goto(clinic(site, server, 'stmarys-patient-portal')), 'Riverside Clinic')
    // A window that the screen does not show as the active one is not spoken of.
    await page.bringToFront()
    await expect(widget.launcher).toBeVisible()
    await page.getByRole('button', { name: 'Find' }).focus()
    await orca.hears(press('Tab'), /Open chat.*button/)
  })

  await test.step('a dialog with a field, and who answers in it', async () => {
    await orca.hears(press('Enter'), 'Chat', 'Your message', /chatting with an AI/)
  })

  await test.step('an answer, whole and once', async () => {
    await page.keyboard.type('Can I visit on Sunday?')
    const said = await orca.hears(press('Enter'), /^Assistant: On Saturdays and Sundays.*\.$/)
    await page.waitForTimeout(2_000)
    expect(said.filter((text) => text.includes('Saturdays'))).toHaveLength(1)
  })

  await test.step('what can be done with it', async () => {
    await orca.hears(press('Shift+Tab'), /Attach/)
    await orca.hears(press('Shift+Tab'), /Was this answer helpful/, /Not helpful toggle button not pressed/)
    await orca.hears(press('Space'), /pressed/)
  })

  await test.step('an emergency, and whom to call', async () => {
    await widget.input.focus()
    await page.keyboard.type('My chest hurts and I cannot breathe')
    await orca.hears(press('Enter'), /911/)
  })

  await test.step('back on the page', async () => {
    await orca.hears(press('Escape'), /Open chat|collapsed/)
    await expect(widget.launcher).toBeFocused()
  })
})
