import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { Assistant } from './assistant'

function Page() {
  const [view, setView] = useState<'home' | 'about'>('home')
  return (
    <main>
      <nav>
        <button type="button" onClick={() => setView('home')}>
          Home
        </button>
        <button type="button" onClick={() => setView('about')}>
          About
        </button>
      </nav>
      <h1>{view === 'home' ? 'Riverside Clinic' : 'About us'}</h1>
      {/* Elsewhere there is no assistant. */}
      {view === 'home' && (
        <Assistant projectId="stmarys-patient-portal" apiBaseUrl={import.meta.env.VITE_ASSISTANT} />
      )}
    </main>
  )
}

createRoot(document.querySelector('#page') as HTMLElement).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
