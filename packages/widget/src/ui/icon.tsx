/** An icon, drawn in the colour of the text around it. Never the only name of anything. */
export function Icon({ path, size = 22 }: { path: string; size?: number }) {
  return (
    <svg aria-hidden="true" className="icon" width={size} height={size} viewBox="0 0 24 24">
      <path d={path} />
    </svg>
  )
}
