import type { InstanceSettings, RememberedForLauncher } from './widget-host.js'
import * as launcherWording from './wording.js'

// `:host` with !important wins over whatever the page says about our element, even `* { all: unset !important }`. The sign
// on the button is a bubble drawn with borders; what is unread shows as a dot, and as a number once the widget is here. Its ink is white or black, whichever reads on the colour. What only
// matters once somebody points at it, or has opened it, comes with the widget. The outline shows where the system's own colours take
// the place of ours.
const STYLE = `:host{all:initial!important;direction:ltr!important;position:fixed!important;z-index:999999999!important}
@media print{:host{display:none!important}}
.launcher{all:unset;position:fixed;right:20px;bottom:max(20px,env(safe-area-inset-bottom));width:60px;height:60px;outline:1px solid #0000;display:grid;place-content:center;border-radius:50%;cursor:pointer;background:var(--b);color:oklch(from var(--b) calc((.7 - l)*99) 0 0);box-shadow:0 2px 20px #0004}
.left{left:20px;right:auto}
.launcher:focus-visible{outline:3px solid;outline-offset:-6px}
.launcher:before{content:"";border:2.5px solid;border-radius:50% 50% 50% 3px;width:23px;height:19px}
[data-unread]:after{content:"";border:8px solid #d00;border-radius:50%;position:absolute;right:0;top:0}`

/** Puts the round button into the element's shadow root, as it looked when this browser last saw the widget. */
export function createLauncher(
  root: ShadowRoot,
  { position, primaryColor }: InstanceSettings,
  { launcherColor, launcherLabel, unread }: RememberedForLauncher,
): HTMLButtonElement {
  // A constructed sheet: no Content Security Policy forbids it.
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(STYLE)
  root.adoptedStyleSheets = [sheet]
  const button = root.appendChild(document.createElement('button'))
  button.className = `launcher ${position ?? ''}`
  button.ariaLabel = launcherLabel ?? launcherWording.open
  button.ariaExpanded = 'false'
  button.style.setProperty('--b', primaryColor ?? launcherColor ?? '#0b5fad')
  if (unread) button.dataset.unread = unread as never
  return button
}
