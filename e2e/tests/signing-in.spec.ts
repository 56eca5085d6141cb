import type { Page } from '@playwright/test'
import { expectAccessible } from '../environment/accessibility'
import { expect, test } from '../environment/test'
import type { Widget } from '../environment/widget'

const EMAIL = 'jane.miller@example.org'

/** What the demo page says the patient's password is. */
async function password(page: Page): Promise<string> {
  const said = await page.getByText(EMAIL).locator('xpath=following-sibling::strong').first().textContent()
  return said ?? ''
}

async function openSignIn(widget: Widget): Promise<void> {
  await widget.openView('Your conversations')
  await widget.panel.getByRole('button', { name: 'Sign in' }).click()
  await expect(widget.panel.getByRole('heading', { name: 'Sign in' })).toBeFocused()
}

const email = (widget: Widget) => widget.panel.getByRole('textbox', { name: 'E-mail address' })
const secret = (widget: Widget) => widget.panel.getByLabel('Password', { exact: true })

async function signIn(page: Page, widget: Widget): Promise<void> {
  await openSignIn(widget)
  await email(widget).fill(EMAIL)
  await secret(widget).fill(await password(page))
  await secret(widget).press('Enter')
  await expect(widget.panel.getByRole('heading', { name: 'Your conversations' })).toBeVisible()
  await expect(widget.panel.getByText('Current')).toBeVisible()
}

test('a patient finds on one device what they asked on another, and leaves nothing behind', async ({
  page,
  widget,
  browser,
  server,
  complaints,
}) => {
  await page.goto('/demo')
  await widget.open()
  await widget.ask('When can I visit my mother?')
  await signIn(page, widget)

  const elsewhere = await browser.newContext({ baseURL: server.url, locale: 'en-US' })
  const phone = await elsewhere.newPage()
  const other = widget.on(phone)
  await phone.goto('/demo')
  await other.open()
  await other.ask('What does parking cost?')
  await signIn(phone, other)
  const rows = other.panel.getByRole('listitem')
  await expect(rows).toHaveText([/What does parking cost.*Current/s, /When can I visit my mother/])
  await rows.last().getByRole('button').click()
  await expect(other.panel.locator('.message-user')).toContainText('When can I visit my mother?')
  await other.panel.getByRole('button', { name: 'Back to chat' }).click()
  await phone.reload()
  await expect(other.questions).toHaveText(/What does parking cost/)

  await other.openView('Settings')
  await expect(other.panel.getByText('You are signed in as Jane Miller')).toBeVisible()
  await other.panel.getByRole('button', { name: 'Sign out' }).click()
  await other.connected()
  await expect(other.questions).toHaveCount(0)
  await expect(other.announcer).toHaveText('You are signed out.')
  const left = await phone.evaluate(() => JSON.stringify({ ...localStorage }))
  expect(left).not.toMatch(/Jane|jane\.miller|parking/)
  await phone.reload()
  await other.connected()
  await expect(other.questions).toHaveCount(0)
  await elsewhere.close()

  // Whoever is signed in here stays so.
  await widget.back()
  await widget.ask('Where do I park?')
  expect(complaints).toEqual([])
})

test('what goes wrong is said in words, beside the field, by keyboard alone', async ({ page, widget }) => {
  await page.goto('/demo')
  await widget.open()
  await openSignIn(widget)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await expect(email(widget)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(widget.panel.getByRole('alert')).toHaveText(/enter your e-mail address/)
  await expect(email(widget)).toBeFocused()
  await expect(email(widget)).toHaveAccessibleDescription(/enter your e-mail address/)
  await page.keyboard.type('jane.miller@example.org')
  await page.keyboard.press('Tab')
  await page.keyboard.type('not her password')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await expect(secret(widget)).toHaveAttribute('type', 'text')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(widget.panel.getByRole('alert')).toHaveText(/The e-mail address or the password is not right/)
  await expect(secret(widget)).toBeFocused()
  await expect(email(widget)).toHaveValue('jane.miller@example.org')
  await expectAccessible(page, 'a sign-in that went wrong', 'kuzushi-widget')
})

for (const [name, viewport, colorScheme, forcedColors] of [
  ['desktop', { width: 1280, height: 800 }, 'light', 'none'],
  ['desktop-dark', { width: 1280, height: 800 }, 'dark', 'none'],
  ['desktop-forced', { width: 1280, height: 800 }, 'dark', 'active'],
  ['phone', { width: 390, height: 844 }, 'light', 'none'],
  ['small-phone', { width: 320, height: 568 }, 'dark', 'none'],
] as const)
  test.describe(name, () => {
    test.use({ viewport, colorScheme, contextOptions: { forcedColors } })

    test('signing in fits, and everybody can read it', async ({ page, widget }, testInfo) => {
      await page.goto('/demo')
      await widget.open()
      if (colorScheme === 'dark') {
        await widget.openView('Settings')
        await widget.panel.getByRole('radio', { name: 'Dark' }).check()
        await widget.back()
      }
      await openSignIn(widget)
      const overflow = () =>
        widget.panel.evaluate((panel) =>
          [panel, ...panel.querySelectorAll('.page, .field-with-button')]
            .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
            .map(({ className }) => className),
        )
      expect(await overflow()).toEqual([])
      if (forcedColors === 'none') await expectAccessible(page, 'signing in', 'kuzushi-widget')
      await email(widget).fill(EMAIL)
      await secret(widget).fill('not it')
      await secret(widget).press('Enter')
      await expect(widget.panel.getByRole('alert')).toHaveText(/not right/)
      expect(await overflow()).toEqual([])
      await page.screenshot({ path: testInfo.outputPath(`sign-in-${name}.png`) })
      await secret(widget).fill(await password(page))
      await secret(widget).press('Enter')
      await expect(widget.panel.getByRole('heading', { name: 'Your conversations' })).toBeVisible()
      await widget.back()
      await widget.openView('Settings')
      await widget.panel.getByRole('button', { name: 'Sign out' }).scrollIntoViewIfNeeded()
      if (forcedColors === 'none') await expectAccessible(page, 'signed in', 'kuzushi-widget')
      await page.screenshot({ path: testInfo.outputPath(`account-${name}.png`) })
    })
  })
