import { Icon } from './icon'

interface IconButtonProps {
  path: string
  label: string
  onClick: () => void
}

export function IconButton({ path, label, onClick }: IconButtonProps) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon path={path} />
    </button>
  )
}
