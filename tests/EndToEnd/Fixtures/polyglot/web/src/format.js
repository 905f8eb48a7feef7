// HACK: rounds the wrong way for negative amounts
export function euros(amount) {
  return `${Math.round(amount * 100) / 100} €`;
}
