/** A number to call. It runs from left to right in every language. */
export function PhoneLink({ number }: { number: string }) {
  return (
    <a href={dialled(number)} dir="ltr">
      {number}
    </a>
  )
}

export const dialled = (number: string) => `tel:${number.replace(/[^\d+*#]/g, '')}`
