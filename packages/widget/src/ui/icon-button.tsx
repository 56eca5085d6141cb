import type { ComponentProps } from 'react'
import { Icon } from './icons'

interface IconButtonProps {
  icon: ComponentProps<typeof Icon>['name']
  label: string
  onClick: () => void
}

export function IconButton({ icon, label, onClick }: IconButtonProps) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}
